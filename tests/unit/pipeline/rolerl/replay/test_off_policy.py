"""Off-policy estimates cover the truth on simulated logs."""

from collections.abc import Callable, Sequence
from random import Random

import pytest

from pipeline.rolerl.policy import Context, Key, Observation
from pipeline.rolerl.replay.off_policy import (
    Estimate,
    Logged,
    Target,
    doubly_robust,
    inverse_propensity,
    logged_decisions,
)

KEY: Key = ("news", "topic_finder")
LOGGING = {"a": 0.6, "b": 0.3, "c": 0.1}
TARGET = {"a": 0.1, "b": 0.3, "c": 0.6}
MEANS = {"a": 0.2, "b": 0.5, "c": 0.8}
TRUTH = sum(TARGET[model] * MEANS[model] for model in MEANS)
LOGS = 200


def simulated(seed: int, decisions: int = 600) -> list[Logged]:
    rng = Random(seed)
    models = rng.choices(list(LOGGING), weights=list(LOGGING.values()), k=decisions)
    return [
        Logged(KEY, model, LOGGING[model], float(rng.random() < MEANS[model])) for model in models
    ]


def target(key: Key) -> dict[str, float]:
    return TARGET


@pytest.mark.parametrize("estimate", [inverse_propensity, doubly_robust])
def test_the_interval_covers_the_truth(
    estimate: Callable[[Sequence[Logged], Target], Estimate],
) -> None:
    found = [estimate(simulated(seed), target) for seed in range(LOGS)]
    covered = sum(item.low <= TRUTH <= item.high for item in found)
    assert covered >= 0.9 * LOGS
    assert sum(item.mean for item in found) / LOGS == pytest.approx(TRUTH, abs=0.02)
    assert all(item.decisions == 600 for item in found)
    assert all(item.effective < 600 for item in found)


def test_doubly_robust_is_the_narrower_one() -> None:
    log = simulated(1)
    robust, weighted = doubly_robust(log, target), inverse_propensity(log, target)
    assert robust.high - robust.low < weighted.high - weighted.low


def test_the_drawn_run_of_a_decision_is_what_counts() -> None:
    context = Context(*KEY)

    def run(decision: str, model: str, kind: str, quality: float, late: bool) -> Observation:
        return Observation(
            context, decision, model, kind, 0.5, "ok", 0.0, quality=quality, late=late
        )

    log = logged_decisions(
        [
            run("d1", "a", "incumbent", 0.1, False),
            run("d1", "b", "challenger", 0.9, False),
            run("d2", "a", "incumbent", 0.2, False),
            run("d2", "a", "incumbent", 0.7, True),
            run("d2", "c", "fallback", 1.0, False),
        ],
        lambda seen: seen.quality,
    )
    assert [(entry.model, entry.reward) for entry in log] == [("b", 0.9), ("a", 0.7)]
