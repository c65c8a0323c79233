"""What sets the textbook policies apart from each other."""

from collections import Counter

import numpy as np
import pytest

from pipeline.rolerl.arms import Arm
from pipeline.rolerl.policies.epsilon_greedy import EPSILON, EpsilonGreedyPolicy
from pipeline.rolerl.policies.fixed import FixedPolicy
from pipeline.rolerl.policies.thompson import ThompsonPolicy, chance_of_best
from pipeline.rolerl.policies.ucb import UcbPolicy
from pipeline.rolerl.policy import Context, Observation, Policy
from pipeline.rolerl.settings import PolicySettings

ARMS = (Arm("small", 0.1), Arm("big", 1.0))
CONTEXT = Context("news", "topic_finder", "1")
SETTINGS = PolicySettings(judge_price_usd=0.1)


def tell(policy: Policy, model: str, right: bool, times: int) -> None:
    for number in range(times):
        policy.update(
            Observation(
                CONTEXT, str(number), model, "incumbent", 1.0, "ok", 0.1, quality=float(right)
            )
        )


def drawn(policy: Policy, times: int) -> Counter[str]:
    return Counter(policy.decide(CONTEXT).first.model for _ in range(times))


def test_epsilon_greedy_tries_the_untried_and_then_keeps_the_best_but_for_epsilon() -> None:
    policy = EpsilonGreedyPolicy(ARMS, SETTINGS)
    tell(policy, "small", True, 5)
    assert policy.role_assignment(CONTEXT.key).primary == "big"
    tell(policy, "big", False, 5)
    counts = drawn(policy, 20_000)
    assert counts["big"] / 20_000 == pytest.approx(EPSILON / 2, abs=0.005)


def test_ucb_takes_the_uncertain_of_two_equals() -> None:
    policy = UcbPolicy((Arm("one", 0.1), Arm("two", 0.1)), SETTINGS)
    tell(policy, "one", True, 50)
    tell(policy, "two", True, 5)
    assert drawn(policy, 10) == {"two": 10}


def test_thompson_draws_each_arm_as_often_as_it_may_be_the_best() -> None:
    policy = ThompsonPolicy((Arm("one", 0.1), Arm("two", 0.1)), SETTINGS)
    for right in (True, False):
        tell(policy, "one", right, 8)
        tell(policy, "two", right, 8)
    shares = {s.model: s.probability for s in policy.role_assignment(CONTEXT.key).mix}
    counts = drawn(policy, 20_000)
    assert shares["one"] == pytest.approx(0.5, abs=0.1)
    assert counts["one"] / 20_000 == pytest.approx(shares["one"], abs=0.012)


def test_the_chance_of_being_best_is_that_of_a_normal_difference() -> None:
    found = chance_of_best(np.array([0.0, 1.0]), np.array([1.0, 1.0]))
    assert sum(found) == pytest.approx(1.0)
    assert found[1] == pytest.approx(0.760, abs=0.02)


def test_fixed_keeps_its_model_whatever_it_hears() -> None:
    policy = FixedPolicy(ARMS, SETTINGS, model="small")
    tell(policy, "small", False, 20)
    assert drawn(policy, 5) == {"small": 5}
    assert FixedPolicy(ARMS, SETTINGS).decide(CONTEXT).first.model == "big"


def test_fixed_serves_with_a_batch_size_where_it_plays_and_with_its_model_elsewhere() -> None:
    locator = frozenset({"topic_locator"})
    pool = [
        Arm("a", 1.0),
        Arm("a@1", 9.0, roles=locator, list_price_usd=1.0),
        Arm("b", 3.0),
        Arm("b@1", 7.0, roles=locator, list_price_usd=3.0),
    ]

    def primaries(policy: FixedPolicy) -> list[str]:
        keys = [("news", role) for role in ("topic_finder", "topic_locator")]
        return [policy.role_assignment(key).primary for key in keys]

    settings = PolicySettings()
    assert primaries(FixedPolicy(pool, settings, "a@1")) == ["a", "a@1"]
    assert primaries(FixedPolicy(pool, settings, "a")) == ["a", "a"]
    assert primaries(FixedPolicy(pool, settings)) == ["b", "b"]
