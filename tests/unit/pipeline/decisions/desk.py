"""A role server over arms that answer in memory, for the tests of serving."""

from collections.abc import Sequence
from typing import Any

import pytest

from pipeline.clock import ManualClock
from pipeline.decisions.answer_log import MemoryAnswerLog
from pipeline.decisions.calls import Assigned
from pipeline.decisions.run import Runner
from pipeline.decisions.serve import FailedDecisionError, RoleServer, Served
from pipeline.models.completion import ModelTimeoutError
from pipeline.olp.role import RoleLogic
from pipeline.olp.topic_finder import TopicFinder
from schemas.ids import decision_id
from schemas.rewards import ArmShare, RewardEvent, RoleAssignment, RunKind
from schemas.role_task import RoleTask
from schemas.roles import Role
from tests.in_memory_models import InMemoryEndpoint, pool_of
from tests.role_tasks import AT, GARDEN, role_task, window

GOOD = '{"subjects": [{"name": "rose", "aliases": [], "attributes": {}}]}'
POOR = '{"subjects": [{"name": "a giant rose", "aliases": [], "attributes": {}}]}'
"""Acceptable, but one free check fails: the name is not verbatim."""
BAD = "no idea"
AWAY = ModelTimeoutError("no answer within 60 s")


def _reward(
    success: bool, quality: float | None, cost_usd: float, latency_s: float | None
) -> float:
    return 10.0 * success + (quality or 0.0) - cost_usd


def task(number: int = 1, attempt: int = 0, excluded: Sequence[str] = ()) -> RoleTask:
    of = window(["Here stands the rose.", "It is red.", "So red."], window_id=f"window-{number}")
    plain = role_task(Role.TOPIC_FINDER, of)
    gone = {Role.TOPIC_FINDER.value: tuple(excluded)} if excluded else {}
    return plain.model_copy(update={"attempt": attempt, "excluded": gone})


def role_assignment(
    mix: dict[str, float], fallbacks: Sequence[str] = (), **changes: Any
) -> RoleAssignment:
    fields: dict[str, Any] = {
        "domain": "garden",
        "role": Role.TOPIC_FINDER,
        "version": 7,
        "policy": "paper",
        "primary": next(iter(mix)),
        "mix": tuple(ArmShare(model=m, probability=p) for m, p in mix.items()),
        "fallbacks": tuple(ArmShare(model=m, probability=1.0) for m in fallbacks),
        "reason": "why",
        "at": AT,
    }
    return RoleAssignment(**{**fields, **changes})


class Desk:
    """A server over arms with given replies, and the answer log of one partition."""

    def __init__(
        self,
        max_fallbacks: int = 3,
        deadline_s: float = 0.0,
        max_retries: int = 0,
        **arms: str | Exception | tuple[str | Exception, ...],
    ) -> None:
        clock = ManualClock()
        self.arms = {
            name: InMemoryEndpoint(clock, *(reply if isinstance(reply, tuple) else (reply,)))
            for name, reply in arms.items()
        }
        self.log = MemoryAnswerLog()
        pool = pool_of(self.arms, max_retries=max_retries)
        runner = Runner(pool, clock)
        self._server = RoleServer(
            pool, runner, {"garden": GARDEN}, _reward, max_fallbacks, deadline_s=deadline_s
        )
        self.pool, self.clock = pool, clock

    async def serve(
        self, of: RoleTask, how: RoleAssignment | None = None, logic: RoleLogic | None = None
    ) -> Served:
        return await self._server.serve(logic or TopicFinder(), of, how, self.log)

    async def fail(self, of: RoleTask, how: RoleAssignment | None = None) -> FailedDecisionError:
        with pytest.raises(FailedDecisionError) as caught:
            await self.serve(of, how)
        return caught.value

    async def answered_before(self, model: str, of: RoleTask) -> None:
        """The process called `model`, logged its answer, and died."""
        decision = decision_id(of.window.window_id, of.role.value, of.attempt)
        assigned = Assigned(decision, RunKind.CHALLENGER, 0.25, "earlier", 6)
        await Runner(self.pool, self.clock).run(
            TopicFinder(), of, GARDEN, model, assigned, self.log
        )
        self.arms[model].chats.clear()

    def calls(self) -> dict[str, int]:
        return {name: len(arm.chats) for name, arm in self.arms.items() if arm.chats}


def ran(events: Sequence[RewardEvent]) -> list[tuple[str, RunKind, bool]]:
    return [(event.model, event.kind, event.kept) for event in events]
