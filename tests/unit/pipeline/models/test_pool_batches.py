"""Batch sizes in the pool: arms of their own on offer, one endpoint behind them."""

import asyncio

import pytest

from pipeline.clock import ManualClock
from pipeline.metrics import MODEL_CALLS
from pipeline.models.completion import ModelFaultError, ModelTimeoutError
from pipeline.models.pool import ModelPool
from tests.in_memory_models import InMemoryEndpoint, arm
from tests.unit.pipeline.models.test_pool import HeldEndpoint, ask, endpoint, prove, turns

LOCATOR = "topic_locator"


async def test_they_are_offered_for_the_roles_that_are_asked_in_batches() -> None:
    pool = ModelPool(
        [(arm("a", batch_subjects=(0, 4, 1)), endpoint()), (arm("b", 9.0), endpoint())]
    )
    assert pool.names("topic_finder") == ("a", "b")
    assert pool.names(LOCATOR) == ("a", "a@1", "a@4", "b")
    assert (pool.settings("a@4").batch_size, pool.dearest.name) == (4, "b")


async def test_calls_go_to_the_endpoint_of_the_model_and_are_counted_by_arm() -> None:
    client = endpoint()
    pool = ModelPool([(arm("a7", batch_subjects=(0, 1)), client)])
    await ask(pool, "a7@1")
    assert len(client.chats) == 1
    assert MODEL_CALLS.labels("a7@1", "answered")._value.get() == 1
    assert MODEL_CALLS.labels("a7", "answered")._value.get() == 0


async def test_all_sizes_together_have_no_more_calls_in_flight_than_declared() -> None:
    held = HeldEndpoint()
    pool = ModelPool([(arm("a", in_flight=2, batch_subjects=(0, 4, 1)), held)])
    await prove(pool, "a", held)
    calls = [asyncio.create_task(ask(pool, name)) for name in ("a", "a@4", "a@1", "a@1")]
    await turns()
    assert held.now == 2
    assert pool.calls_in_flight() == {"a": 1, "a@4": 1, "a@1": 2}
    held.go.set()
    await asyncio.gather(*calls)
    assert held.most == 2
    assert pool.calls_in_flight() == {"a": 0, "a@4": 0, "a@1": 0}


async def test_they_share_the_breaker() -> None:
    clock = ManualClock()
    failing = InMemoryEndpoint(clock, ModelTimeoutError("no answer"))
    pool = ModelPool([(arm("a", batch_subjects=(0, 1)), failing)], clock)
    for name in ("a", "a@1", "a@1", "a", "a@1"):
        with pytest.raises(ModelFaultError):
            await ask(pool, name)
    assert (pool.share("a"), pool.share("a@1")) == (0.0, 0.0)
    assert pool.returns_in_s("a") == pool.returns_in_s("a@1") > 0.0


async def test_they_are_retired_and_come_back_with_their_model() -> None:
    pool = ModelPool([(arm("a", batch_subjects=(0, 1)), endpoint()), (arm("b"), endpoint())])
    pool.retire("a")
    assert pool.names(LOCATOR) == ("b",)
    assert "a@1" not in pool
    assert (await ask(pool, "a@1")).text == "yes"
    pool.put(arm("a", batch_subjects=(0, 1)), endpoint())
    assert pool.names(LOCATOR) == ("a", "a@1", "b")


async def test_a_size_that_is_declared_no_more_retires_and_still_answers_at_the_new_prices() -> (
    None
):
    before, after = endpoint("old"), endpoint("new")
    pool = ModelPool([(arm("a", 1.0, batch_subjects=(0, 4, 1)), before)])
    pool.put(arm("a", 5.0, batch_subjects=(0, 2, 1)), after)
    await turns()
    assert pool.names(LOCATOR) == ("a", "a@1", "a@2")
    assert pool.settings("a@1").usd_per_million_input == 5.0
    assert pool.settings("a@4").usd_per_million_input == 5.0
    assert (await ask(pool, "a@4")).text == "new"
    assert before.closed


async def test_a_replaced_endpoint_is_closed_after_the_last_call_of_any_size() -> None:
    before = HeldEndpoint()
    pool = ModelPool([(arm("a", batch_subjects=(0, 1)), before)])
    await prove(pool, "a", before)
    call = asyncio.create_task(ask(pool, "a@1"))
    await turns()
    pool.put(arm("a", 5.0, batch_subjects=(0, 1)), endpoint())
    await turns()
    assert not before.closed
    before.go.set()
    await call
    await turns()
    assert before.closed


async def test_closing_closes_the_client_once() -> None:
    class Counting(InMemoryEndpoint):
        closings = 0

        async def close(self) -> None:
            self.closings += 1

    client = Counting(ManualClock(), "yes")
    pool = ModelPool([(arm("a", batch_subjects=(0, 4, 1)), client)])
    await pool.close()
    assert client.closings == 1
