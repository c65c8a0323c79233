"""What another policy would have earned, estimated from logged decisions and their propensities."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

from pipeline.rolerl.policy import Key
from pipeline.rolerl.replay.reward_log import Logged, LoggedRun

NORMAL_95 = 1.959964
FOLDS = 5

Target = Mapping[str, float]
"""The other policy in one decision: probability of each arm."""

Targets = Sequence[Target]
"""The same for each decision of a log, made without knowledge of what came of it."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean a decision with its 95 % interval; None where there is nothing to estimate from."""

    mean: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Overlap:
    """How much a log says of a policy.

    `effective`: Kish's effective number of decisions; `mean_weight`: one if the log's policy gave a
    chance to all that the other one does; `mean_weight_error`: its standard error; `uncovered`: the
    other policy's share of choices of whose arm the log knows nothing in that domain and role.
    """

    decisions: int
    effective: float
    mean_weight: float
    mean_weight_error: float
    uncovered: float


def logged_value(log: Sequence[Logged]) -> Estimate:
    """Mean reward a decision of the policy that made the log; of a sweep its runs' mean."""
    weights = known_weights(log)
    return _ratio(
        [
            sum(w * (run.reward or 0.0) for w, run in zip(row, item.runs, strict=True))
            / len(item.runs)
            for row, item in zip(weights, log, strict=True)
        ],
        [sum(row) / len(item.runs) for row, item in zip(weights, log, strict=True)],
    )


def inverse_propensity(log: Sequence[Logged], targets: Targets) -> Estimate:
    """Mean of reward times target probability over propensity; unbiased where both overlap.

    Source: Horvitz and Thompson (1952).
    """
    terms, _ = _weighted(log, targets)
    return _mean(terms)


def self_normalised(log: Sequence[Logged], targets: Targets) -> Estimate:
    """The same over the mean of the weights: a little bias for much less variance.

    Source: Hajek (1971); the interval by the delta method.
    """
    return _ratio(*_weighted(log, targets))


def doubly_robust(log: Sequence[Logged], targets: Targets) -> Estimate:
    """A model of the reward, corrected by the weighted error it makes on the log.

    Right if either the model or the propensities are; the model (mean reward by key and arm) is
    fitted on the other folds. Source: Dudik, Langford and Li (2011), Chernozhukov et al. (2018).
    """
    known = known_weights(log)
    models = [_means(log, known, fold) for fold in range(FOLDS)]
    terms: list[float] = []
    for number, (item, row, target) in enumerate(zip(log, known, targets, strict=True)):
        means, overall = models[number % FOLDS]
        term = sum(
            probability * means.get((item.key, model), overall)
            for model, probability in target.items()
        )
        for run, weight in zip(item.runs, row, strict=True):
            if run.reward is not None:
                error = run.reward - means.get((item.key, run.model), overall)
                term += weight * target.get(run.model, 0.0) / run.propensity * error
        terms.append(term)
    return _mean(terms)


def overlap(log: Sequence[Logged], targets: Targets) -> Overlap:
    """How much the log says of the policy whose `targets` these are."""
    known = known_weights(log)
    ran: dict[Key, set[str]] = {}
    for item in log:
        known_of = (run.model for run in item.runs if run.reward is not None)
        ran.setdefault(item.key, set()).update(known_of)
    _, weights = _weighted(log, targets)
    plain = [
        sum(target.get(run.model, 0.0) / run.propensity for run in item.runs)
        for item, target in zip(log, targets, strict=True)
    ]
    mean = _mean(plain)
    squares = sum(w * w for w in weights)
    missing = sum(
        probability
        for item, target in zip(log, targets, strict=True)
        for model, probability in target.items()
        if model not in ran[item.key]
    )
    count = len(log)
    half = 0.0 if mean.high is None or mean.mean is None else mean.high - mean.mean
    return Overlap(
        decisions=sum(any(w > 0.0 for w in row) for row in known),
        effective=sum(weights) ** 2 / squares if squares > 0.0 else 0.0,
        mean_weight=sum(plain) / count if count else 0.0,
        mean_weight_error=half / NORMAL_95,
        uncovered=missing / count if count else 0.0,
    )


def known_weights(log: Sequence[Logged]) -> list[tuple[float, ...]]:
    """For each run one over the chance that its reward became known, zero if it did not.

    The chance is the share by key and arm; a run whose reward is `sure` counts once.
    """
    shares: dict[tuple[Key, str], list[int]] = {}
    for item in log:
        for run in item.runs:
            if not run.sure:
                cell = shares.setdefault((item.key, run.model), [0, 0])
                cell[0] += 1
                cell[1] += run.reward is not None

    def weight(key: Key, run: LoggedRun) -> float:
        if run.reward is None:
            return 0.0
        if run.sure:
            return 1.0
        count, known = shares[key, run.model]
        return count / known

    return [tuple(weight(item.key, run) for run in item.runs) for item in log]


def _weighted(log: Sequence[Logged], targets: Targets) -> tuple[list[float], list[float]]:
    terms: list[float] = []
    weights: list[float] = []
    for item, row, target in zip(log, known_weights(log), targets, strict=True):
        parts = [
            (w * target.get(run.model, 0.0) / run.propensity, run.reward or 0.0)
            for w, run in zip(row, item.runs, strict=True)
        ]
        terms.append(sum(w * reward for w, reward in parts))
        weights.append(sum(w for w, _ in parts))
    return terms, weights


Means = tuple[dict[tuple[Key, str], float], float]


def _means(log: Sequence[Logged], known: Sequence[Sequence[float]], left_out: int) -> Means:
    sums: dict[tuple[Key, str], list[float]] = {}
    total = [0.0, 0.0]
    for number, (item, row) in enumerate(zip(log, known, strict=True)):
        if number % FOLDS == left_out and len(log) > FOLDS:
            continue
        for run, weight in zip(item.runs, row, strict=True):
            cell = sums.setdefault((item.key, run.model), [0.0, 0.0])
            for pair in (cell, total):
                pair[0] += weight * (run.reward or 0.0)
                pair[1] += weight
    overall = total[0] / total[1] if total[1] else 0.0
    return {cell: (s + overall) / (n + 1.0) for cell, (s, n) in sums.items()}, overall


def _mean(terms: Sequence[float]) -> Estimate:
    return _ratio(terms, [1.0] * len(terms))


def _ratio(terms: Sequence[float], weights: Sequence[float]) -> Estimate:
    count, mass = len(terms), sum(weights)
    if count < 2 or mass <= 0.0:
        return Estimate(None, None, None)
    mean = sum(terms) / mass
    squares = sum((t - w * mean) ** 2 for t, w in zip(terms, weights, strict=True))
    half = NORMAL_95 * sqrt(squares * count / (count - 1)) / mass
    return Estimate(mean, mean - half, mean + half)
