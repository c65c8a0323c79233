"""When a worker is ended for standing still, when it is only reported, and when no more."""

import asyncio
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition

from agents.stalls import Standing
from agents.watchdog import MOST_RESTARTS, RESTARTS, Watchdog
from pipeline.errors import RetryableError
from schemas.dead_letter import Source

PLACE = TopicPartition("role-topic-finder", 0)
AT_7 = Source(kafka_topic=PLACE.topic, partition=0, offset=7)
STILL = {PLACE: Standing(5, 7)}


class Book:
    """A book of restarts in memory."""

    def __init__(self) -> None:
        self.counts: dict[Source, int] = {}
        self.away = False

    def read(self, places: Iterable[tuple[str, int]]) -> dict[Source, int]:
        return self.counts

    def count(self, messages: Iterable[Source]) -> int:
        if self.away:
            raise RetryableError("no broker answers")
        for at in messages:
            self.counts[at] = self.counts.get(at, 0) + 1
        return max(self.counts.values(), default=0)


class Bench:
    """A watchdog over one role, with a time that stands still until it is set."""

    def __init__(self, patience_s: float = 0.0) -> None:
        self.now_s = 0.0
        self.book = Book()
        self.refused: list[Source] = []
        self.waits: str | None = None
        delivery = SimpleNamespace(
            in_flight=1, full=False, refuse=self.refused.extend, handled_by=lambda loop: None
        )
        self.app: Any = SimpleNamespace(
            name="topic-finder",
            patience_s=patience_s,
            waits_for=lambda: self.waits,
            delivery=delivery,
            kafka_topics=(PLACE.topic,),
            kafka=SimpleNamespace(partitions=1),
        )
        book: Any = self.book
        self.dog = Watchdog(
            [self.app], book, 60.0, lambda: self.now_s, exit_now=lambda status: None
        )

    async def look(self, at_s: float, standing: dict[TopicPartition, Standing]) -> bool:
        """Look once; whether the worker is to end."""
        self.now_s = at_s
        await self.dog.look(self.app, standing)
        try:
            await asyncio.wait_for(self.dog.standstill(), 0.01)
        except TimeoutError:
            return False
        return True


@pytest.fixture
async def bench() -> Any:
    one = Bench()
    await one.dog.start()
    yield one
    await one.dog.stop()


async def test_a_standstill_ends_the_worker_once_and_is_counted_once(bench: Bench) -> None:
    assert not await bench.look(0.0, STILL)
    assert not await bench.look(59.0, STILL)
    assert await bench.look(60.0, STILL)
    await bench.look(62.0, STILL)
    assert bench.book.counts == {AT_7: 1}
    assert "role-topic-finder[0] has stood still at 7" in await bench.dog.standstill()


async def test_a_role_that_may_take_longer_is_reported_first(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bench = Bench(patience_s=600.0)
    await bench.dog.start()
    await bench.look(0.0, STILL)
    assert not await bench.look(60.0, STILL)
    assert "has stood still at 7" in caplog.text
    assert bench.dog.standing_still() == {"topic-finder"}
    assert await bench.look(660.0, STILL)
    await bench.dog.stop()


async def test_what_waits_for_a_budget_is_reported_and_not_restarted(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.waits = "the budget of news is spent"
    await bench.look(0.0, STILL)
    assert not await bench.look(6000.0, STILL)
    assert "it waits: the budget of news is spent" in caplog.text
    assert bench.dog.standing_still() == frozenset()
    assert bench.book.counts == {}


async def test_restarts_at_a_message_come_to_an_end(bench: Bench) -> None:
    bench.book.counts[AT_7] = MOST_RESTARTS
    await bench.look(0.0, STILL)
    assert not await bench.look(60.0, STILL)


async def test_without_the_broker_nothing_is_restarted(bench: Bench) -> None:
    bench.book.away = True
    await bench.look(0.0, STILL)
    assert not await bench.look(60.0, STILL)
    bench.book.away = False
    assert await bench.look(62.0, STILL)


async def test_what_stopped_workers_before_is_refused_from_the_start() -> None:
    bench = Bench()
    bench.book.counts = {AT_7: RESTARTS, AT_7.model_copy(update={"offset": 8}): RESTARTS - 1}
    await bench.dog.start()
    assert bench.refused == [AT_7]
    await bench.dog.stop()
