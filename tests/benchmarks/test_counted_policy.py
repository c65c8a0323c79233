"""What a decision of the default policy and learning from a run cost, in calls of functions."""

from functools import partial
from random import Random
from statistics import median

import pytest

from pipeline.rolerl.arms import Arm
from pipeline.rolerl.policy import Context, Observation, Policy
from pipeline.rolerl.registry import make_policy
from pipeline.rolerl.settings import PolicySettings
from tests.benchmarks.counted import calls_of

ARMS, ROLES, DOMAINS = 12, 6, 4
WINDOWS = 400
MOST_CALLS_A_DECISION, MOST_CALLS_A_PLAN = 16, 315
MOST_CALLS_AN_UPDATE, MOST_CALLS_AN_UNJUDGED_UPDATE = 19, 12
MOST_CALLS_AN_EVENT = 31
"""A decision by a plan that is known after what was learnt, and one that makes its plan; an event
is one of a log of which a tenth was judged, what each new window has to learn included."""


def policy() -> Policy:
    arms = [Arm(f"arm-{n}", 0.0001 * 1.6**n) for n in range(ARMS)]
    return make_policy("default", arms, PolicySettings(seed=1, judge_price_usd=0.002))


def context(window: int, role: int) -> Context:
    return Context(f"domain-{window % DOMAINS}", f"role-{role}", str(window))


def seen(of: Context, model: str, success: bool | None) -> Observation:
    return Observation(
        context=of,
        decision=f"{of.window}/{of.role}",
        model=model,
        kind="incumbent",
        propensity=1.0,
        outcome="ok",
        cost_usd=0.001,
        latency_s=0.5,
        success=success,
    )


def counted(judged: bool) -> tuple[list[int], float]:
    """Calls of each decision, and of the update with its run (median), after a time."""
    learner, rng = policy(), Random(7)
    decisions, updates = [], []
    for window in range(WINDOWS):
        for role in range(ROLES):
            of = context(window, role)
            decisions.append(calls_of(partial(learner.decide, of)))
            success = rng.random() < 0.9 if judged or rng.random() < 0.1 else None
            run = seen(of, learner.decide(of).first.model, success)
            calls = calls_of(partial(learner.update, run))
            if judged or success is None:
                updates.append(calls)
    return decisions[len(decisions) // 2 :], median(updates)


def test_a_decision_is_a_few_calls_and_a_plan_some_hundred() -> None:
    decisions, _ = counted(judged=True)
    assert min(decisions) < MOST_CALLS_A_DECISION
    assert median(decisions) < MOST_CALLS_A_PLAN


@pytest.mark.parametrize(
    ("judged", "most"),
    [(True, MOST_CALLS_AN_UPDATE), (False, MOST_CALLS_AN_UNJUDGED_UPDATE)],
)
def test_an_update_is_a_few_calls(judged: bool, most: int) -> None:
    _, update = counted(judged)
    assert update < most


def test_a_log_is_taken_in_at_a_few_calls_an_event() -> None:
    learner, rng = policy(), Random(7)
    log = [
        seen(
            context(window, role),
            f"arm-{rng.randrange(ARMS)}",
            rng.random() < 0.9 if rng.random() < 0.1 else None,
        )
        for window in range(WINDOWS)
        for role in range(ROLES)
    ]
    for observation in log[: len(log) // 2]:
        learner.update(observation)
    rest = log[len(log) // 2 :]

    def take_in() -> None:
        for observation in rest:
            learner.update(observation)

    calls = calls_of(take_in) / len(rest)
    assert calls < MOST_CALLS_AN_EVENT
