"""Batched runs against a real endpoint: a call of several fails, is repaired, or is found again."""

import pytest

from pipeline.clock import SystemClock
from pipeline.decisions.answer_log import MemoryAnswerLog
from pipeline.decisions.calls import Assigned
from pipeline.decisions.run import Run, Runner
from pipeline.models.pool import ModelPool
from pipeline.olp.content_organizer import ContentOrganizer
from pipeline.olp.role import RoleLogic
from pipeline.olp.topic_locator import TopicLocator
from schemas.rewards import Outcome, RunKind
from schemas.role_task import RoleTask
from schemas.roles import Role
from tests.faults.endpoint import Endpoint
from tests.role_tasks import GARDEN, found, resolved, role_task, window
from tests.scripted.text import marked

NAMES = ("rose", "fern", "oak")
ASSIGNED = Assigned("decision-1", RunKind.INCUMBENT, 1.0, "fixed", 1)
NUMBERS = iter(range(1, 10_000))


def batched_task(role: Role) -> RoleTask:
    """A window about three plants, four sentences each."""
    number = next(NUMBERS)
    texts = [marked(name, ["look"], f"window {number}, {n}") for name in NAMES for n in range(4)]
    of = window(texts, window_id=f"batched-{number}")
    spans = [(n, 4 * n - 3, 4 * n) for n in (1, 2, 3)]
    identities = [resolved(name, n) for n, name in enumerate(NAMES, start=1)]
    return role_task(role, of, found(*NAMES), spans, identities)


async def run_of(
    endpoint: Endpoint, model: str, logic: RoleLogic, task: RoleTask, log: MemoryAnswerLog
) -> Run:
    clock = SystemClock()
    settings = endpoint.arm(model, batch_subjects=(0, 1), max_retries=0)
    pool = ModelPool.from_settings([settings], clock)
    try:
        return await Runner(pool, clock).run(logic, task, GARDEN, f"{model}@1", ASSIGNED, log)
    finally:
        await pool.close()


LOGIC: tuple[RoleLogic, ...] = (TopicLocator(), ContentOrganizer())
both_roles = pytest.mark.parametrize("logic", LOGIC, ids=lambda logic: logic.role.value)


@both_roles
async def test_three_subjects_are_asked_about_in_three_calls(
    endpoint: Endpoint, logic: RoleLogic
) -> None:
    task, before = batched_task(logic.role), endpoint.calls("oracle")
    run = await run_of(endpoint, "oracle", logic, task, MemoryAnswerLog())
    assert (run.outcome, run.error) == (Outcome.OK, None)
    assert endpoint.calls("oracle") - before == 3
    assert run.reading is not None
    assert run.reading.task is not None
    assert run.reading.clean
    if logic.role is Role.TOPIC_LOCATOR:
        assert run.reading.task.spans == task.spans
    else:
        assert len(run.reading.task.organized) == 12


@both_roles
async def test_every_part_that_is_wrong_is_repaired_once(
    endpoint: Endpoint, logic: RoleLogic
) -> None:
    model = "outside:1"
    task, before = batched_task(logic.role), endpoint.calls(model)
    run = await run_of(endpoint, model, logic, task, MemoryAnswerLog())
    assert run.outcome is Outcome.REPAIRED
    assert endpoint.calls(model) - before == 6
    assert run.cost_usd > run.repair_cost_usd > 0


@both_roles
async def test_what_was_answered_before_a_fault_is_not_asked_again(
    endpoint: Endpoint, logic: RoleLogic
) -> None:
    # The endpoint is out of order at the first call about each subject.
    task, log = batched_task(logic.role), MemoryAnswerLog()
    model = "http-500:1"
    before = endpoint.calls(model)
    runs = [await run_of(endpoint, model, logic, task, log) for _ in range(4)]
    assert [run.outcome for run in runs[:1]] == [Outcome.ERROR]
    assert runs[-1].outcome is Outcome.OK
    assert endpoint.calls(model) - before == 6
    assert len(log._answers) == 3
