"""Where a budget is spent free arms serve, paid answers are still used, and the rest waits."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from pipeline.allowances.metered import MeteredClient
from pipeline.allowances.purse import Purse
from pipeline.allowances.resources import Resources
from pipeline.allowances.till import Till
from pipeline.clock import ManualClock
from pipeline.config.allowances import AllowanceSettings, BudgetSettings
from pipeline.decisions.answer_log import MemoryAnswerLog
from pipeline.decisions.run import Runner
from pipeline.decisions.within_budget import BudgetedServer
from pipeline.models.pool import ModelPool
from pipeline.olp.topic_finder import TopicFinder
from pipeline.olp.topic_locator import TopicLocator
from schemas.allowances import AccountState, AllowanceLedger, Lease
from schemas.roles import Role
from tests.in_memory_models import InMemoryEndpoint, arm
from tests.role_tasks import GARDEN, found, role_task, window
from tests.unit.pipeline.decisions.desk import GOOD, role_assignment, task

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def reward(success: bool, quality: float | None, cost_usd: float, latency_s: float | None) -> float:
    return float(success)


class Desk:
    """A budgeted server over one arm with a price and perhaps a free one."""

    def __init__(
        self, at_limit: str = "degrade", free: bool = True, reply: str = GOOD, **paid: Any
    ) -> None:
        self.clock = ManualClock(NOON)
        self.at_limit = at_limit
        resources = Resources({}, BudgetSettings(day_usd=1.0))
        self.till = Till(Purse("w"), AllowanceSettings(), self.clock)
        self.endpoints = {"paid": InMemoryEndpoint(self.clock, reply)}
        if free:
            self.endpoints["free"] = InMemoryEndpoint(self.clock, reply)
        arms = []
        for name, endpoint in self.endpoints.items():
            settings = arm(name, 10.0, **paid) if name == "paid" else arm(name, 0.0)
            client = MeteredClient(endpoint, settings, resources, self.till, self.clock)
            arms.append((settings, client))
        pool = ModelPool(arms, self.clock)
        self.log = MemoryAnswerLog()
        server = BudgetedServer(pool, Runner(pool, self.clock), {"garden": GARDEN}, reward, 3)
        self.server = server.within(resources, self.till)
        self.version = 0

    def publish(self, spent: bool, usd: float = 0.0) -> None:
        """The coordinator's ledger, with a lease of so many dollars."""
        self.version += 1
        heard = self.till.request()
        lease = Lease(
            lease_id=f"1.{self.version}", worker="w", amounts={"usd:day": usd}, expires_s=99.0
        )
        account = AccountState(
            resource="usd:day",
            limit_usd=1.0,
            period="day 2026-05-04",
            spent_since=NOON if spent else None,
            at_limit=self.at_limit,
        )
        said = {"worker": "w", "epoch": 1, "sequence": 1, "sent_s": 0.0, "received_s": 0.0}
        self.till.hear(
            AllowanceLedger.model_validate(
                {
                    "coordinator": "c",
                    "epoch": 1,
                    "version": self.version,
                    "accounts": [account],
                    "leases": [lease] if usd else [],
                    "heard": [said],
                    "at": NOON,
                }
            )
        )
        assert heard is None or heard.worker == "w"

    def calls(self) -> dict[str, int]:
        return {name: len(e.chats) for name, e in self.endpoints.items() if e.chats}


PAID_FIRST = role_assignment({"paid": 1.0})


async def test_arms_with_a_price_are_left_out_while_the_budget_is_spent() -> None:
    desk = Desk()
    desk.publish(spent=True)
    served = await desk.server.serve(TopicFinder(), task(), PAID_FIRST, desk.log)
    assert desk.calls() == {"free": 1}
    assert served.task.excluded == {}
    assert [event.model for event in served.events] == ["free"]


async def test_a_call_that_is_refused_while_it_waits_is_no_failure_of_its_arm() -> None:
    desk = Desk()
    serving = asyncio.create_task(desk.server.serve(TopicFinder(), task(), PAID_FIRST, desk.log))
    await asyncio.sleep(0.01)
    desk.publish(spent=True)
    served = await serving
    assert [event.model for event in served.events] == ["free"]


async def test_an_answer_that_was_paid_is_used_after_the_budget_is_spent() -> None:
    desk = Desk()
    desk.publish(spent=False, usd=5.0)
    await desk.server.serve(TopicFinder(), task(), PAID_FIRST, desk.log)
    desk.publish(spent=True)
    served = await desk.server.serve(TopicFinder(), task(), PAID_FIRST, desk.log)
    assert desk.calls() == {"paid": 1}
    assert served.task.produced_by["topic_finder"].model == "paid"


@pytest.mark.parametrize(("at_limit", "free"), [("pause", True), ("degrade", False)])
async def test_the_work_waits_until_there_is_money(at_limit: str, free: bool) -> None:
    desk = Desk(at_limit, free)
    desk.publish(spent=True)
    serving = asyncio.create_task(desk.server.serve(TopicFinder(), task(), PAID_FIRST, desk.log))
    await asyncio.sleep(0.02)
    assert desk.calls() == {}
    assert not serving.done()
    desk.publish(spent=False, usd=5.0)
    served = await serving
    assert served.task.produced_by["topic_finder"].model == "paid"


async def test_a_batch_size_is_refused_with_its_model() -> None:
    spans = [{"subject": n, "first": n, "last": n} for n in (1, 2)]
    desk = Desk(reply=json.dumps({"spans": spans}), batch_subjects=(0, 1))
    of = role_task(Role.TOPIC_LOCATOR, window(["A rose.", "A fern."]), found("rose", "fern"))
    how = role_assignment({"paid@1": 1.0}, ["paid"], role=Role.TOPIC_LOCATOR)
    serving = asyncio.create_task(desk.server.serve(TopicLocator(), of, how, desk.log))
    await asyncio.sleep(0.01)
    desk.publish(spent=True)
    served = await serving
    assert [event.model for event in served.events] == ["free"]
    assert desk.calls() == {"free": 1}
    assert served.task.excluded == {}
