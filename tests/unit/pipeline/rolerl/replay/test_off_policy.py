"""Off-policy estimates cover the truth on simulated logs."""

from collections.abc import Callable, Sequence
from random import Random

import pytest

from pipeline.rolerl.policy import Key
from pipeline.rolerl.replay.off_policy import (
    Estimate,
    Targets,
    doubly_robust,
    inverse_propensity,
    logged_value,
    overlap,
    self_normalised,
)
from pipeline.rolerl.replay.reward_log import Logged, LoggedRun

KEY: Key = ("news", "topic_finder")
LOGGING = {"a": 0.6, "b": 0.3, "c": 0.1}
TARGET = {"a": 0.1, "b": 0.3, "c": 0.6}
MEANS = {"a": 0.2, "b": 0.5, "c": 0.8}
JUDGED = {"a": 0.2, "b": 0.5, "c": 0.9}
TRUTH = sum(TARGET[model] * MEANS[model] for model in MEANS)
OWN = sum(LOGGING[model] * MEANS[model] for model in MEANS)
LOGS = 200

Estimator = Callable[[Sequence[Logged], Targets], Estimate]
ESTIMATORS: list[Estimator] = [inverse_propensity, self_normalised, doubly_robust]


def simulated(seed: int, decisions: int = 600, sampled: bool = False) -> list[Logged]:
    rng = Random(seed)
    log = []
    for model in rng.choices(list(LOGGING), weights=list(LOGGING.values()), k=decisions):
        reward: float | None = float(rng.random() < MEANS[model])
        if sampled and rng.random() >= JUDGED[model]:
            reward = None
        log.append(Logged(KEY, (LoggedRun(model, LOGGING[model], reward),)))
    return log


def covers(found: Estimate, truth: float) -> bool:
    assert found.low is not None
    assert found.high is not None
    return found.low <= truth <= found.high


def width(found: Estimate) -> float:
    assert found.low is not None
    assert found.high is not None
    return found.high - found.low


@pytest.mark.parametrize("estimate", ESTIMATORS)
@pytest.mark.parametrize("sampled", [False, True], ids=["all known", "judged by a sample"])
def test_the_interval_covers_the_truth_at_its_nominal_rate(
    estimate: Estimator, sampled: bool
) -> None:
    targets = [TARGET] * 600
    found = [estimate(simulated(seed, sampled=sampled), targets) for seed in range(LOGS)]
    covered = sum(covers(item, TRUTH) for item in found) / LOGS
    assert 0.92 <= covered <= 0.98
    assert sum(item.mean or 0.0 for item in found) / LOGS == pytest.approx(TRUTH, abs=0.01)


@pytest.mark.parametrize("sampled", [False, True])
def test_the_policy_of_the_log_has_its_own_value(sampled: bool) -> None:
    found = [logged_value(simulated(seed, sampled=sampled)) for seed in range(LOGS)]
    assert 0.92 <= sum(covers(item, OWN) for item in found) / LOGS <= 0.98


def test_doubly_robust_is_the_narrower_one() -> None:
    log, targets = simulated(1), [TARGET] * 600
    assert width(doubly_robust(log, targets)) < width(inverse_propensity(log, targets))


def test_a_sweep_shows_every_arm_and_is_not_weighted() -> None:
    rng = Random(3)

    def decision() -> Logged:
        runs = (LoggedRun(m, 1.0, float(rng.random() < MEANS[m])) for m in MEANS)
        return Logged(KEY, tuple(runs))

    log = [decision() for _ in range(2000)]
    for estimate in ESTIMATORS:
        assert estimate(log, [TARGET] * 2000).mean == pytest.approx(TRUTH, abs=0.03)
    assert overlap(log, [TARGET] * 2000).mean_weight == pytest.approx(1.0)


def test_a_policy_that_changes_on_the_way_is_estimated_as_it_was() -> None:
    log = simulated(5, 4000)
    targets = [{"a": 1.0} if number < 2000 else {"c": 1.0} for number in range(4000)]
    truth = (MEANS["a"] + MEANS["c"]) / 2
    for estimate in ESTIMATORS:
        assert estimate(log, targets).mean == pytest.approx(truth, abs=0.06)


def test_the_overlap_says_what_the_log_knows_nothing_of() -> None:
    log = simulated(1)
    own = overlap(log, [LOGGING] * 600)
    assert own.effective == pytest.approx(600)
    assert own.mean_weight == pytest.approx(1.0)
    assert own.uncovered == 0.0
    other = overlap(log, [{"c": 0.5, "unheard-of": 0.5}] * 600)
    assert other.effective < 120
    assert other.uncovered == pytest.approx(0.5)


def test_nothing_is_estimated_from_nothing() -> None:
    assert doubly_robust([], []) == Estimate(None, None, None)
    assert self_normalised(simulated(1), [{"unheard-of": 1.0}] * 600).mean is None
