"""Calls wait for their lease, are settled at their real use, and refused when it is spent."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from pipeline.allowances.ledger import Ledger
from pipeline.allowances.metered import PAYER, MeteredClient, Payer, has_price
from pipeline.allowances.purse import Purse
from pipeline.allowances.resources import Resources
from pipeline.allowances.till import AllowanceRefusedError, Till
from pipeline.clock import ManualClock
from pipeline.config.allowances import AllowanceSettings, BudgetSettings, LimitSettings
from pipeline.models.completion import (
    ModelRateLimitedError,
    ModelRefusedError,
    ModelTimeoutError,
)
from schemas.allowances import AccountState, AllowanceLedger
from tests.in_memory_models import InMemoryEndpoint, arm

CHAT = (("user", "hello"),)
SETTINGS = AllowanceSettings()
LIMITS = {"g": LimitSettings(requests_per_minute=5, tokens_per_minute=100_000)}
BUDGET = BudgetSettings(day_usd=1.0)


class Shop:
    """A metered arm, and a coordinator that is asked by hand."""

    def __init__(self, *replies: str | Exception, **settings: Any) -> None:
        self.clock = ManualClock(datetime(2026, 5, 4, 14, 2, tzinfo=UTC))
        self.resources = Resources(settings.pop("limits", LIMITS), settings.pop("budget", BUDGET))
        self.endpoint = InMemoryEndpoint(self.clock, *replies, takes_s=0.0, cost_usd=0.001)
        self.till = Till(Purse("w"), SETTINGS, self.clock)
        settings = {"price": 10.0, "limit_group": "g", **settings}
        settings["limit_group"] = "g" if "g" in self.resources.limits else None
        self.arm = arm("a", **settings)
        self.client = MeteredClient(self.endpoint, self.arm, self.resources, self.till, self.clock)
        self.ledger = Ledger(self.resources, SETTINGS, 1)

    def turn(self) -> AllowanceLedger:
        """The coordinator hears the worker, and the worker the coordinator."""
        request = self.till.request()
        if request is not None:
            self.ledger.take(request, 1000.0 + self.clock.monotonic())
        self.ledger.turn(1000.0 + self.clock.monotonic(), self.clock.now())
        state = self.ledger.state(1000.0 + self.clock.monotonic(), self.clock.now())
        self.till.hear(state)
        return state

    async def call(self) -> asyncio.Task[Any]:
        task = asyncio.create_task(self.client.complete(CHAT, {}, 50))
        await asyncio.sleep(0)
        return task

    def used(self, state: AllowanceLedger) -> dict[str, float]:
        found = {w.resource: sum(a for _, a in w.used) for w in state.windows}
        return found | {a.resource: a.spent_usd for a in state.accounts}


async def test_a_call_waits_for_its_lease_and_is_settled_at_its_cost() -> None:
    shop = Shop("answer")
    task = await shop.call()
    assert shop.endpoint.chats == []
    held = shop.turn().leases[0].amounts
    assert held["usd:day"] > 0.0005
    assert held["requests:g"] == 1.0
    assert (await task).text == "answer"
    state = shop.turn()
    assert shop.used(state) == {"requests:g": 1.0, "tokens:g": 110.0, "usd:day": 0.001}
    assert state.leases == ()


@pytest.mark.parametrize(
    ("failure", "tokens_and_money"),
    [
        (ModelRateLimitedError("429"), False),
        (ModelRefusedError("too long"), False),
        (ModelTimeoutError("no answer"), True),
    ],
)
async def test_a_failed_call_is_charged_only_if_it_may_be_billed(
    failure: Exception, tokens_and_money: bool
) -> None:
    shop = Shop(failure)
    task = await shop.call()
    bound = shop.turn().leases[0].amounts
    with pytest.raises(type(failure)):
        await task
    used = shop.used(shop.turn())
    assert used["requests:g"] == 1.0
    wanted = (bound["tokens:g"], bound["usd:day"]) if tokens_and_money else (0.0, 0.0)
    assert (used["tokens:g"], used["usd:day"]) == pytest.approx(wanted)


async def test_the_sixth_call_waits_until_the_window_has_passed() -> None:
    shop = Shop("answer")
    tasks = [await shop.call() for _ in range(6)]
    shop.turn()
    await asyncio.sleep(0.01)
    assert len(shop.endpoint.chats) == 5
    shop.clock.advance(59.0)
    shop.turn()
    await asyncio.sleep(0.01)
    assert len(shop.endpoint.chats) == 5
    shop.clock.advance(1.5)
    shop.turn()
    await asyncio.gather(*tasks)
    assert len(shop.endpoint.chats) == 6


async def test_a_lease_that_is_over_is_not_used() -> None:
    shop = Shop("answer")
    task = await shop.call()
    state_of_lease = shop.turn()
    await task
    extra = await shop.call()
    # The grant arrives only after it has ended.
    request = shop.till.request()
    assert request is not None
    shop.ledger.take(request, 1000.0)
    shop.ledger.turn(1000.0, shop.clock.now())
    late = shop.ledger.state(1000.0, shop.clock.now())
    shop.clock.advance(SETTINGS.lease_s + 0.1)
    shop.till.hear(late)
    await asyncio.sleep(0.01)
    assert len(shop.endpoint.chats) == 1
    assert state_of_lease.version < late.version
    extra.cancel()


async def test_a_spent_budget_refuses_calls_with_a_price_by_name() -> None:
    shop = Shop("answer", budget=BudgetSettings(day_usd=0.000001))
    task = await shop.call()
    shop.turn()
    with pytest.raises(
        AllowanceRefusedError, match=r"budget day \(0.00 USD\) is spent since 14:02"
    ):
        await task
    with pytest.raises(AllowanceRefusedError):
        await (await shop.call())
    assert shop.endpoint.chats == []


async def test_an_arm_without_price_and_limit_is_never_held_up() -> None:
    shop = Shop("answer", price=0.0, limits={})
    assert (await (await shop.call())).text == "answer"
    assert shop.till.request() is None
    assert not has_price(shop.arm)


async def test_an_arm_that_the_payer_was_refused_is_not_called() -> None:
    shop = Shop("answer")
    token = PAYER.set(Payer("topic_finder", "news", {"a"}))
    try:
        with pytest.raises(ModelRefusedError):
            await shop.client.complete(CHAT, {}, 50)
    finally:
        PAYER.reset(token)


async def test_a_call_that_is_cancelled_while_it_waits_costs_nothing() -> None:
    shop = Shop("answer")
    task = await shop.call()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert shop.till.waiting == 0
    state = shop.turn()
    assert state.leases == ()


def test_what_a_replaced_coordinator_writes_does_not_count() -> None:
    purse = Purse("w")
    at = datetime(2026, 5, 4, tzinfo=UTC)
    assert purse.hear(AllowanceLedger(coordinator="b", epoch=2, version=0, at=at), 0.0)
    assert not purse.hear(AllowanceLedger(coordinator="a", epoch=1, version=9, at=at), 0.0)
    assert purse.epoch == 2


def test_a_budget_that_stops_workers_says_why() -> None:
    clock = ManualClock(datetime(2026, 5, 4, 14, 2, tzinfo=UTC))
    till = Till(Purse("w"), SETTINGS, clock)
    account = AccountState(
        resource="usd:run",
        limit_usd=2.0,
        period="run r",
        spent_usd=2.0,
        spent_since=clock.now(),
        at_limit="stop",
    )
    till.hear(
        AllowanceLedger(coordinator="c", epoch=1, version=1, accounts=(account,), at=clock.now())
    )
    line = till.stop_line()
    assert line is not None
    assert line.startswith("budget run (2.00 USD) is spent since 14:02, workers stop until")
