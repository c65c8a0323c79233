"""The pool: who may serve what, in which order, and how many calls at once."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from pipeline.clock import ManualClock
from pipeline.errors import ConfigurationError
from pipeline.metrics import BREAKER_STATE
from pipeline.models.completion import (
    Completion,
    ModelFaultError,
    ModelMisconfiguredError,
    ModelRateLimitedError,
    ModelRestsError,
    ModelTimeoutError,
)
from pipeline.models.pool import ModelPool
from tests.in_memory_models import InMemoryEndpoint, arm

CLOCK = ManualClock()


def endpoint(*replies: str | Exception) -> InMemoryEndpoint:
    return InMemoryEndpoint(CLOCK, *(replies or ("yes",)))


class HeldEndpoint(InMemoryEndpoint):
    """Stands in for an endpoint that answers when it is told to; counts the calls it holds."""

    def __init__(self) -> None:
        super().__init__(CLOCK, "yes")
        self.now = self.most = 0
        self.go = asyncio.Event()

    async def complete(
        self,
        messages: Sequence[tuple[str, str]],
        json_schema: Mapping[str, Any],
        max_output_tokens: int,
    ) -> Completion:
        self.now += 1
        self.most = max(self.most, self.now)
        await self.go.wait()
        self.now -= 1
        return await super().complete(messages, json_schema, max_output_tokens)


async def turns(count: int = 10) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def ask(pool: ModelPool, name: str) -> Completion:
    return await pool.complete(name, [("user", "?")], {}, 10)


async def prove(pool: ModelPool, name: str, held: HeldEndpoint) -> None:
    """Until an arm has answered once, it is given one call at a time."""
    held.go.set()
    await ask(pool, name)
    held.go.clear()


def test_arms_are_offered_cheapest_first_then_by_name() -> None:
    pool = ModelPool(
        (arm(name, price), endpoint()) for name, price in [("c", 1), ("b", 5), ("d", 1), ("a", 9)]
    )
    assert pool.names("topic_finder") == ("c", "d", "b", "a")
    assert pool.dearest.name == "a"


def test_only_arms_that_may_serve_a_role_are_offered_for_it() -> None:
    pool = ModelPool(
        [
            (arm("any"), endpoint()),
            (arm("finder", roles=("topic_finder",)), endpoint()),
            (arm("judge", roles=("judge",)), endpoint()),
        ]
    )
    assert pool.names("topic_finder") == ("any", "finder")
    assert pool.names("topic_locator") == ("any",)


def test_windows_have_to_fit_into_the_smallest_context() -> None:
    pool = ModelPool(
        [
            (arm("a", context_tokens=8192), endpoint()),
            (arm("b", context_tokens=1024), endpoint()),
        ]
    )
    assert pool.smallest_context_tokens == 1024
    pool.retire("b")
    assert pool.smallest_context_tokens == 8192


async def test_a_call_reaches_the_arm_of_that_name() -> None:
    first, second = endpoint("one"), endpoint("two")
    pool = ModelPool([(arm("a"), first), (arm("b"), second)])
    assert (await ask(pool, "b")).text == "two"
    assert (len(first.chats), len(second.chats)) == (0, 1)


async def test_an_unknown_arm_is_a_key_error() -> None:
    pool = ModelPool([(arm("a"), endpoint())])
    assert "a" in pool
    assert "b" not in pool
    with pytest.raises(KeyError):
        pool.settings("b")
    with pytest.raises(KeyError):
        await ask(pool, "b")


async def test_no_more_calls_are_in_flight_than_declared() -> None:
    held = HeldEndpoint()
    pool = ModelPool([(arm("a", in_flight=2), held)])
    await prove(pool, "a", held)
    calls = [asyncio.create_task(ask(pool, "a")) for _ in range(7)]
    await turns()
    assert held.now == 2
    held.go.set()
    await asyncio.gather(*calls)
    assert (held.most, len(held.chats)) == (2, 8)


async def test_an_arm_that_never_answered_is_given_one_call_until_it_does() -> None:
    held = HeldEndpoint()
    pool = ModelPool([(arm("a", in_flight=5), held)])
    calls = [asyncio.create_task(ask(pool, "a")) for _ in range(5)]
    await turns()
    assert held.now == 1
    held.go.set()
    await asyncio.gather(*calls)
    assert len(held.chats) == 5


async def test_a_provider_that_is_down_costs_one_time_out_not_one_a_call() -> None:
    class Down(InMemoryEndpoint):
        asked = 0

        async def reach(self) -> None:
            self.asked += 1
            await asyncio.sleep(0)
            raise ModelTimeoutError("no answer within 10 s")

    clock = ManualClock()
    down = [Down(clock, "yes") for _ in range(3)]
    pool = ModelPool(((arm(f"a{n}"), client) for n, client in enumerate(down)), clock)
    failed = await asyncio.gather(
        *(ask(pool, f"a{n % 3}") for n in range(60)), return_exceptions=True
    )
    assert {type(fault) for fault in failed} == {ModelTimeoutError, ModelRestsError}
    assert sum(client.asked for client in down) == 1
    assert sum(len(client.chats) for client in down) == 0
    assert all(pool.share(f"a{n}") == 0.0 < pool.returns_in_s(f"a{n}") for n in range(3))


async def test_a_wrong_key_is_tried_once_not_by_every_waiting_call() -> None:
    clock = ManualClock()
    wrong = InMemoryEndpoint(clock, ModelMisconfiguredError("a: key (401)", answered=True))
    pool = ModelPool([(arm("a"), wrong)], clock)
    await asyncio.gather(*(ask(pool, "a") for _ in range(20)), return_exceptions=True)
    assert len(wrong.chats) == 1
    assert pool.returns_in_s("a") >= 59.0


async def test_an_arm_that_asks_for_a_rest_gets_it() -> None:
    clock = ManualClock()
    limited = ModelRateLimitedError("a: 429", retry_after_s=7.0, answered=True)
    client = InMemoryEndpoint(clock, limited, "yes")
    pool = ModelPool([(arm("a"), client)], clock)
    for _ in range(2):
        with pytest.raises(ModelFaultError):
            await ask(pool, "a")
    assert len(client.chats) == 1
    clock.advance(7.8)
    assert (await ask(pool, "a")).text == "yes"


async def test_a_new_declaration_of_the_endpoint_forgets_its_breaker() -> None:
    clock = ManualClock()
    wrong = InMemoryEndpoint(clock, ModelMisconfiguredError("a: key (401)", answered=True))
    pool = ModelPool([(arm("a"), wrong)], clock)
    with pytest.raises(ModelMisconfiguredError):
        await ask(pool, "a")
    pool.put(arm("a", 5.0), endpoint())
    assert pool.share("a") == 0.0
    pool.put(arm("a", api_key_env="OTHER_KEY"), endpoint())
    assert (await ask(pool, "a")).text == "yes"


async def test_an_arm_that_is_full_does_not_hold_up_another() -> None:
    held, free = HeldEndpoint(), endpoint()
    pool = ModelPool([(arm("a", in_flight=1), held), (arm("b"), free)])
    waiting = asyncio.create_task(ask(pool, "a"))
    await turns()
    assert (await ask(pool, "b")).text == "yes"
    held.go.set()
    await waiting


async def test_a_failed_call_gives_its_place_back() -> None:
    clock = ManualClock()
    failing = InMemoryEndpoint(clock, ModelTimeoutError("slow"), "yes")
    pool = ModelPool([(arm("a", in_flight=1), failing)], clock)
    with pytest.raises(ModelTimeoutError):
        await ask(pool, "a")
    clock.advance(3.0)
    assert (await ask(pool, "a")).text == "yes"


async def test_a_cancelled_call_gives_its_place_back() -> None:
    held = HeldEndpoint()
    pool = ModelPool([(arm("a", in_flight=1), held)])
    call = asyncio.create_task(ask(pool, "a"))
    await turns()
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    held.go.set()
    assert (await ask(pool, "a")).text == "yes"


async def test_a_retired_arm_is_offered_no_more_but_still_answers() -> None:
    pool = ModelPool([(arm("a"), endpoint()), (arm("b", 9.0), endpoint())])
    pool.retire("b")
    pool.retire("never there")
    assert pool.names("topic_finder") == ("a",)
    assert "b" not in pool
    assert pool.dearest.name == "a"
    assert pool.settings("b").name == "b"
    assert (await ask(pool, "b")).text == "yes"


async def test_what_is_on_offer_follows_every_change() -> None:
    pool = ModelPool([(arm("a", price=1.0, context_tokens=9_000), endpoint())], CLOCK)
    assert (pool.names("topic_finder"), pool.dearest.name) == (("a",), "a")
    assert pool.smallest_context_tokens == 9_000
    pool.put(arm("b", price=2.0, context_tokens=7_000), endpoint())
    assert (pool.names("topic_finder"), pool.dearest.name) == (("a", "b"), "b")
    assert pool.smallest_context_tokens == 7_000
    pool.retire("b")
    assert (pool.names("topic_finder"), pool.dearest.name) == (("a",), "a")
    assert pool.smallest_context_tokens == 9_000


async def test_a_retired_arm_comes_back_when_it_is_declared_again() -> None:
    pool = ModelPool([(arm("a"), endpoint())])
    pool.retire("a")
    pool.put(arm("a", 3.0), endpoint())
    assert pool.names("topic_finder") == ("a",)
    assert pool.settings("a").usd_per_million_input == 3.0


async def test_a_call_under_way_ends_at_the_endpoint_where_it_began() -> None:
    before, after = HeldEndpoint(), endpoint("new")
    pool = ModelPool([(arm("a"), before)])
    await prove(pool, "a", before)
    call = asyncio.create_task(ask(pool, "a"))
    await turns()
    pool.put(arm("a", 5.0), after)
    assert (await ask(pool, "a")).text == "new"
    assert not before.closed
    before.go.set()
    assert (await call).text == "yes"
    await turns()
    assert before.closed
    assert not after.closed


async def test_closing_closes_every_client() -> None:
    clients = [endpoint(), endpoint()]
    pool = ModelPool([(arm("a"), clients[0]), (arm("b"), clients[1])])
    await pool.close()
    assert all(client.closed for client in clients)


def test_a_pool_without_models_is_a_mistake_of_the_configuration() -> None:
    with pytest.raises(ConfigurationError, match=r"add at least one \[\[models\]\]"):
        ModelPool.from_settings([], CLOCK)


def test_a_key_that_is_not_set_is_named() -> None:
    keyed = arm("a", api_key_env="NOT_SET_ANYWHERE_KEY")
    with pytest.raises(ConfigurationError, match=r"models\.a: .*NOT_SET_ANYWHERE_KEY"):
        ModelPool.from_settings([keyed], CLOCK)


async def test_an_endpoint_that_is_away_is_in_the_pool_all_the_same() -> None:
    pool = ModelPool.from_settings([arm("a")], CLOCK)
    assert pool.names("topic_finder") == ("a",)
    await pool.close()


async def test_breakers_are_measured_and_their_openings_told_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = ManualClock()
    failing = InMemoryEndpoint(clock, ModelTimeoutError("m9: no answer within 1 s"), "yes")
    pool = ModelPool([(arm("m9"), failing)], clock)
    level = BREAKER_STATE.labels("m9")._value
    with caplog.at_level("INFO", "rolestream.models"):
        for _ in range(5):
            with pytest.raises(ModelFaultError):
                await ask(pool, "m9")
        assert level.get() == 2
        clock.advance(3.0)
        await ask(pool, "m9")
        assert (level.get(), pool.share("m9")) == (1, 0.1)
        for _ in range(9):
            await ask(pool, "m9")
    assert (level.get(), pool.share("m9")) == (0, 1.0)
    assert [record.getMessage() for record in caplog.records] == [
        "arm m9 rests for 2 s: m9: no answer within 1 s",
        "arm m9 is back",
    ]
