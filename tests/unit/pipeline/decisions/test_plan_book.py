"""Plans that are kept for many decisions give the decisions of plans that are made for each."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.clock import ManualClock
from pipeline.decisions.answer_log import MemoryAnswerLog
from pipeline.decisions.drawing import PlanBook, drawn_for
from pipeline.models.completion import ModelMisconfiguredError
from pipeline.models.pool import ModelPool
from schemas.rewards import ArmShare, RoleAssignment
from schemas.roles import Role
from tests.in_memory_models import InMemoryEndpoint, arm, pool_of
from tests.role_tasks import AT, role_task, window

NAMES = [f"arm-{n}" for n in range(6)]
TASK = role_task(Role.TOPIC_FINDER, window(["roses are red"]))
LOG = MemoryAnswerLog()


def pool() -> ModelPool:
    return pool_of({name: InMemoryEndpoint(ManualClock(), "yes") for name in NAMES})


def role_assignment(
    mix: dict[str, float], fallbacks: list[str], judge_rate: float = 0.0, **how: bool
) -> RoleAssignment:
    return RoleAssignment(
        domain="garden",
        role=Role.TOPIC_FINDER,
        version=1,
        policy="paper",
        primary=next(iter(mix)),
        mix=tuple(ArmShare(model=m, probability=p, judge_rate=judge_rate) for m, p in mix.items()),
        fallbacks=tuple(ArmShare(model=m, probability=1.0) for m in fallbacks),
        reason="why",
        at=AT,
        **how,
    )


@given(
    st.dictionaries(st.sampled_from(NAMES), st.floats(0.05, 1.0), min_size=1),
    st.lists(st.sampled_from(NAMES), unique=True),
    st.sampled_from([0.0, 0.4, 1.0]),
    st.booleans(),
    st.booleans(),
    st.integers(),
)
def test_a_kept_plan_gives_what_a_plan_made_for_the_decision_gives(
    weights: dict[str, float],
    fallbacks: list[str],
    judge_rate: float,
    side_by_side: bool,
    sweep: bool,
    number: int,
) -> None:
    total = sum(weights.values())
    mix = {m: w / total for m, w in weights.items()}
    assigned = role_assignment(mix, fallbacks, judge_rate, side_by_side=side_by_side, sweep=sweep)
    plans = PlanBook(pool()).plans_for(TASK, assigned)
    assert plans is not None
    assert plans.lot.ready
    decision = f"decision-{number}"
    kept = drawn_for(pool(), plans.lot, TASK, decision, LOG)
    # The way of plans that cannot be made ready, which draws from the plan itself.
    plans.lot.ready = False
    assert drawn_for(pool(), plans.lot, TASK, decision, LOG) == kept


def test_plans_are_made_once_for_a_role_assignment_and_a_pool() -> None:
    arms = pool()
    book, assigned = PlanBook(arms), role_assignment({"arm-0": 1.0}, ["arm-1"])
    plans = book.plans_for(TASK, assigned)
    assert book.plans_for(TASK, assigned) is plans
    other = book.plans_for(TASK, role_assignment({"arm-1": 1.0}, []))
    assert other is not None
    assert other.intended.primary == "arm-1"
    arms.retire("arm-1")
    again = book.plans_for(TASK, assigned)
    assert again is not None
    assert again.intended.fallbacks == ()


def test_an_arm_that_a_task_excludes_is_not_in_its_plan() -> None:
    excluding = TASK.model_copy(update={"excluded": {Role.TOPIC_FINDER.value: ("arm-0",)}})
    book, assigned = PlanBook(pool()), role_assignment({"arm-0": 1.0}, ["arm-1"])
    free, left = book.plans_for(TASK, assigned), book.plans_for(excluding, assigned)
    assert free is not None
    assert left is not None
    assert (free.intended.primary, left.intended.primary) == ("arm-0", "arm-1")
    everyone = TASK.model_copy(update={"excluded": {Role.TOPIC_FINDER.value: tuple(NAMES)}})
    assert book.plans_for(everyone, assigned) is None


async def test_an_arm_that_rests_is_not_drawn_until_it_is_back() -> None:
    clock = ManualClock()
    wrong = InMemoryEndpoint(clock, ModelMisconfiguredError("a: key (401)", answered=True), "yes")
    arms = ModelPool([(arm("a"), wrong), (arm("b", 2.0), InMemoryEndpoint(clock, "yes"))], clock)
    book, assigned = PlanBook(arms), role_assignment({"a": 1.0}, ["b"])
    before = book.plans_for(TASK, assigned)
    assert arms.all_there
    assert before is not None
    with pytest.raises(ModelMisconfiguredError):
        await arms.complete("a", (("user", "?"),), {}, 8)
    assert not arms.all_there
    resting = book.plans_for(TASK, assigned)
    assert resting is not None
    assert (resting.intended.primary, resting.lot.plan.primary) == ("a", "b")
    for _ in range(20):
        clock.advance(100.0)
        await asyncio.gather(*(arms.complete("a", (("user", "?"),), {}, 8) for _ in range(4)))
    assert arms.all_there
    assert book.plans_for(TASK, assigned) is before
