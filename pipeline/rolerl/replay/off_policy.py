"""What another policy would have earned, estimated from logged decisions and their propensities."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import NamedTuple

from pipeline.rolerl.policy import Key, Observation

NORMAL_95 = 1.959964


class Logged(NamedTuple):
    """One decision of the log: the drawn arm, its propensity, and the reward it earned."""

    key: Key
    model: str
    propensity: float
    reward: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """Mean reward a decision with a 95 % interval; `effective` is Kish's effective sample size."""

    mean: float
    low: float
    high: float
    decisions: int
    effective: float


Target = Callable[[Key], dict[str, float]]
"""The other policy: probability of each arm for a key."""


def logged_decisions(
    observations: Iterable[Observation], reward: Callable[[Observation], float | None]
) -> list[Logged]:
    """The drawn run of every decision whose reward is known.

    In a decision with a challenger the challenger was drawn, else the incumbent; fallbacks and
    shadow runs were not drawn. Late news of a run replaces what was known of it.
    """
    drawn: dict[str, Observation] = {}
    for seen in observations:
        if seen.kind not in ("incumbent", "challenger") or seen.propensity <= 0.0:
            continue
        before = drawn.get(seen.decision)
        if before is None or (before.kind == "incumbent" and seen.kind == "challenger"):
            drawn[seen.decision] = seen
        elif before.model == seen.model and seen.late:
            drawn[seen.decision] = before._replace(
                quality=seen.quality, success=seen.success, reward=seen.reward
            )
    log = []
    for seen in drawn.values():
        earned = reward(seen)
        if earned is not None:
            log.append(Logged(seen.context.key, seen.model, seen.propensity, earned))
    return log


def inverse_propensity(log: Sequence[Logged], target: Target) -> Estimate:
    """Mean of reward times target probability over propensity; unbiased where both overlap.

    Source: Horvitz and Thompson (1952).
    """
    weights = [_weight(entry, target) for entry in log]
    terms = [w * entry.reward for w, entry in zip(weights, log, strict=True)]
    return _estimate(terms, weights)


def doubly_robust(log: Sequence[Logged], target: Target, folds: int = 5) -> Estimate:
    """A model of the reward, corrected by the weighted error it makes on the log.

    Right if either the model or the propensities are; the model (mean reward by key and arm) is
    fitted on the other folds. Source: Dudik, Langford and Li (2011), Chernozhukov et al. (2018).
    """
    weights = [_weight(entry, target) for entry in log]
    models = [_means(log, folds, fold) for fold in range(folds)]
    terms: list[float] = []
    for number, (entry, weight) in enumerate(zip(log, weights, strict=True)):
        means, overall = models[number % folds]
        expected = sum(
            probability * means.get((entry.key, model), overall)
            for model, probability in target(entry.key).items()
        )
        error = entry.reward - means.get((entry.key, entry.model), overall)
        terms.append(expected + weight * error)
    return _estimate(terms, weights)


Means = tuple[dict[tuple[Key, str], float], float]


def _means(log: Sequence[Logged], folds: int, left_out: int) -> Means:
    sums: dict[tuple[Key, str], list[float]] = {}
    total = [0.0, 0.0]
    for number, entry in enumerate(log):
        if number % folds == left_out and len(log) > folds:
            continue
        cell = sums.setdefault((entry.key, entry.model), [0.0, 0.0])
        for pair in (cell, total):
            pair[0] += entry.reward
            pair[1] += 1.0
    overall = total[0] / total[1] if total[1] else 0.0
    return {cell: (s + overall) / (n + 1.0) for cell, (s, n) in sums.items()}, overall


def _weight(entry: Logged, target: Target) -> float:
    return target(entry.key).get(entry.model, 0.0) / entry.propensity


def _estimate(terms: Sequence[float], weights: Sequence[float]) -> Estimate:
    count = len(terms)
    if count < 2:
        nan = float("nan")
        return Estimate(nan, nan, nan, count, 0.0)
    mean = sum(terms) / count
    variance = sum((term - mean) ** 2 for term in terms) / (count - 1)
    half = NORMAL_95 * sqrt(variance / count)
    squares = sum(w * w for w in weights)
    effective = sum(weights) ** 2 / squares if squares > 0.0 else 0.0
    return Estimate(mean, mean - half, mean + half, count, effective)
