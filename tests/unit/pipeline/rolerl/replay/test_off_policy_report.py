"""A policy that decides and learns along a log is estimated, and told when the log says little."""

from random import Random

import pytest

from pipeline.errors import ConfigurationError, InvalidInputError
from pipeline.rolerl.policy import Context, Observation
from pipeline.rolerl.replay.off_policy_report import OffPolicyReport, arms_of, estimate
from pipeline.rolerl.settings import PolicySettings

MEANS = {"a": 0.3, "b": 0.9, "c": 0.6}
PRICES = {"a": 0.001, "b": 0.01, "c": 0.003}
SETTINGS = PolicySettings(seed=1, value_usd=0.1)
DECISIONS = 800


def simulated(seed: int, chances: dict[str, float], count: int = DECISIONS) -> list[Observation]:
    rng = Random(seed)
    seen = []
    for number in range(count):
        (model,) = rng.choices(list(chances), weights=list(chances.values()))
        quality = float(rng.random() < MEANS[model])
        context = Context("news", f"role-{number % 2}", str(number // 2))
        seen.append(
            Observation(
                context, f"d{number}", model, "incumbent", chances[model], "ok", PRICES[model],
                quality=quality, source="checks", reward=10 * quality,
            )
        )  # fmt: skip
    return seen


def told(policy: str, log: list[Observation]) -> OffPolicyReport:
    return estimate(log, policy, arms_of(log), SETTINGS)


EVEN = dict.fromkeys(MEANS, 1 / 3)


def test_the_value_of_a_fixed_arm_is_covered_at_the_nominal_rate() -> None:
    covered = 0
    for seed in range(60):
        report = told("fixed:b", simulated(seed, EVEN))
        found = report.measures["quality"].doubly_robust
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= MEANS["b"] <= found.high
    assert 0.88 <= covered / 60 <= 1.0


def test_all_measures_are_told() -> None:
    report = told("fixed:b", simulated(1, EVEN))
    means = {name: found.doubly_robust.mean for name, found in report.measures.items()}
    assert means["cost_usd"] == pytest.approx(PRICES["b"], rel=0.05)
    assert means["reward"] == pytest.approx(9.0, abs=0.5)
    assert means["utility_usd"] == pytest.approx(0.08, abs=0.005)
    own = report.measures["quality"].logged.mean
    assert own == pytest.approx(0.6, abs=0.05)
    assert report.warning is None
    assert report.overlap.effective == pytest.approx(DECISIONS / 3, rel=0.15)


def test_a_learning_policy_is_better_than_the_log_it_learns_from() -> None:
    report = told("thompson", simulated(2, EVEN, 2000))
    found = report.measures["quality"].doubly_robust
    assert found.low is not None
    assert found.low > 0.7


def test_one_line_warns_when_the_log_says_too_little() -> None:
    rare = told("fixed:b", simulated(3, {"a": 0.97, "b": 0.02, "c": 0.01}))
    assert rare.warning is not None
    assert "count like" in rare.warning
    never = simulated(3, {"a": 1.0})
    other = estimate(never, "fixed:b", arms_of(simulated(1, EVEN)), SETTINGS)
    assert other.warning is not None
    assert "100% of the policy's choices" in other.warning
    assert "\n" not in other.warning


def test_passing_the_free_checks_is_no_knowledge_where_judges_speak() -> None:
    log = simulated(4, EVEN)
    judged = [
        seen._replace(source="judge") if number % 8 < 2 else seen._replace(quality=1.0)
        for number, seen in enumerate(log)
    ]
    report = told("fixed:b", judged)
    assert report.overlap.decisions == DECISIONS / 4
    assert report.measures["quality"].doubly_robust.mean == pytest.approx(0.9, abs=0.1)


def test_a_log_that_cannot_be_used_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="no decisions"):
        estimate([], "fixed", (), SETTINGS)
    without = [seen._replace(propensity=0.0) for seen in simulated(1, EVEN, 3)]
    with pytest.raises(InvalidInputError, match="without the chance"):
        told("fixed", without)
    with pytest.raises(ConfigurationError, match="'wise' is not known"):
        told("wise", simulated(1, EVEN, 3))
