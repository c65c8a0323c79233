"""What depends on the size of the pool costs the same with 100 arms, in calls of functions."""

from functools import partial
from statistics import median
from typing import Any

import numpy as np
import pytest

from agents.outbox import Outbox
from agents.policy import Partition, PolicyAgent
from agents.policy_controls import PolicyControls
from agents.role_app import RoleApp
from agents.role_assignments import RoleAssignments
from pipeline.clock import ManualClock
from pipeline.config import Config, KafkaSettings
from pipeline.decisions.answer_log import MemoryAnswerLog
from pipeline.decisions.drawing import PlanBook, drawn_for
from pipeline.decisions.learner import Learner
from pipeline.decisions.policy_maker import PolicyMaker
from pipeline.models.declared import DeclaredModels
from pipeline.rolerl.arms import Arm, Pool
from pipeline.rolerl.skills import Skills
from schemas.rewards import ArmShare, RoleAssignment
from schemas.roles import MODEL_ROLES, Role
from tests.benchmarks.counted import calls_of, calls_of_async
from tests.in_memory_models import InMemoryEndpoint, arm, pool_of
from tests.role_tasks import AT, role_task, window
from tests.unit.pipeline.decisions.test_ledger import event

MOST_CALLS_A_DECISION = 60
KAFKA = KafkaSettings(bootstrap_servers="127.0.0.1:1", partitions=1)
TASK = role_task(Role.TOPIC_FINDER, window(["roses are red"]))


def decision_calls(arms: int, mixed: int, *, sweep: bool = False) -> float:
    """Calls of a decision over `arms` of which `mixed` are in the mix, once its plan is known."""
    names = [f"arm-{n}" for n in range(arms)]
    pool = pool_of({name: InMemoryEndpoint(ManualClock(), "yes") for name in names})
    assigned = RoleAssignment(
        domain="garden",
        role=Role.TOPIC_FINDER,
        version=1,
        policy="default",
        primary=names[0],
        mix=tuple(ArmShare(model=m, probability=1.0 / mixed) for m in names[:mixed]),
        fallbacks=tuple(ArmShare(model=m, probability=1.0) for m in names[1:]),
        sweep=sweep,
        reason="why",
        at=AT,
    )
    book, log = PlanBook(pool), MemoryAnswerLog()

    def decide(number: int) -> None:
        plans = book.plans_for(TASK, assigned)
        assert plans is not None
        drawn_for(pool, plans.lot, TASK, f"decision-{number}", log)

    return median([calls_of(partial(decide, number)) for number in range(50)][10:])


@pytest.mark.parametrize(("mixed", "sweep"), [(1, False), (2, False), (4, True)])
def test_a_decision_costs_the_same_however_many_arms_there_are(mixed: int, sweep: bool) -> None:
    few, many = (decision_calls(arms, mixed, sweep=sweep) for arms in (5, 100))
    assert many == few < MOST_CALLS_A_DECISION


def test_a_draw_from_a_mix_of_all_arms_costs_the_same() -> None:
    assert decision_calls(100, 100) <= decision_calls(5, 5) + 2


class Taking(Outbox):
    """A broker that takes everything at once."""

    async def send(self, messages: Any) -> None:
        list(messages)


async def publishing_calls(arms: int) -> int:
    """Calls of a look at all roles when nothing was learnt since the last one."""
    models = tuple(arm(f"arm-{n}", 1.0 + n) for n in range(arms))
    config = Config(kafka=KAFKA, models=models)
    maker = PolicyMaker(config, DeclaredModels(models))
    role_app = RoleApp("policy", KAFKA, ManualClock(), config.worker)
    role_app.outbox = Taking(KAFKA)
    heard = RoleAssignments(KAFKA)
    agent = PolicyAgent(role_app, ["garden", "town"], 0.1, maker, heard, PolicyControls(KAFKA))
    partition = Partition(Learner(maker))
    for _ in range(2):
        await agent._publish(0, partition)
    assert len(heard.all()) == 2 * len(MODEL_ROLES)
    idle = await calls_of_async(lambda: agent._publish(0, partition))
    partition.learner.take(event(domain="garden", model="arm-1"), 1)
    partition.settled.learnt("garden")
    assert await calls_of_async(lambda: agent._publish(0, partition)) > 3 * idle
    return idle


async def test_nothing_is_planned_while_nothing_is_learnt() -> None:
    assert await publishing_calls(100) == await publishing_calls(4)


def test_what_outcomes_have_in_common_is_worked_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    skills, roles, arms = Skills(), 4, 100
    pool = Pool(Arm(f"arm-{n}", 1.0 + n) for n in range(arms))
    skills.set_arms(pool, {item.model: n for n, item in enumerate(pool)})
    right, wrong = np.full((roles, arms), 3.0), np.ones((roles, arms))
    for role in range(roles):
        skills.standing(role, right, wrong)
    made: list[object] = []
    monkeypatch.setattr(skills, "_kernel", lambda *which: made.append(which))
    right[0, 0] += 1.0
    for role in range(roles):
        skills.standing(role, right, wrong)
    assert made == []
