"""The loop of every agent: bounded, in order, and clean when partitions are taken away."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP

from agents.delivery import Delivery, Incoming
from agents.intake import Batch
from agents.outbox import Outgoing
from agents.room import Room
from pipeline.clock import ManualClock
from schemas.codec import decode
from schemas.dead_letter import DeadLetter, Source


class Sent:
    """An outbox that keeps what is sent."""

    def __init__(self) -> None:
        self.messages: list[Outgoing] = []

    async def send(self, messages: Iterable[Outgoing]) -> None:
        self.messages += messages


class Events:
    """A stream of Faust events, from a queue."""

    def __init__(self, kafka_topic: str = "t") -> None:
        self._kafka_topic = kafka_topic
        self.queue: asyncio.Queue[Any] = asyncio.Queue()
        self.acked: list[int] = []
        self.read = 0

    def put(self, offset: int, key: bytes = b"a", value: bytes = b"x", partition: int = 0) -> None:
        message = SimpleNamespace(
            topic=self._kafka_topic,
            partition=partition,
            offset=offset,
            key=key,
            value=value,
            headers=(),
        )
        event = SimpleNamespace(message=message, ack=lambda: self.acked.append(offset))
        self.queue.put_nowait(event)

    def noack(self) -> "Events":
        return self

    async def events(self) -> AsyncIterator[Any]:
        while True:
            event = await self.queue.get()
            self.read += 1
            yield event

    async def batches(self) -> AsyncIterator[Batch]:
        async for event in self.events():
            message = event.message
            yield Batch(self, TP(message.topic, message.partition), [message])

    def done(self, tp: TP, offsets: Sequence[int]) -> None:
        self.acked += offsets


class Bench:
    """A delivery whose handler holds every message until it is let go."""

    def __init__(self, most: int = 10, most_bytes: int = 1000) -> None:
        self.sent = Sent()
        self.delivery = Delivery("role", self.sent, ManualClock(), Room(most, most_bytes))  # type: ignore[arg-type]
        self.events = Events()
        self.begun: list[int] = []
        self.cancelled: list[int] = []
        self._gates: dict[int, asyncio.Event] = {}
        self._task = asyncio.create_task(self.delivery.consume(self.events, self._handle))

    async def _handle(self, incoming: Incoming) -> None:
        offset = incoming.source.offset
        self.begun.append(offset)
        try:
            await self._gates.setdefault(offset, asyncio.Event()).wait()
        except asyncio.CancelledError:
            self.cancelled.append(offset)
            raise

    async def finish(self, offset: int) -> None:
        self._gates.setdefault(offset, asyncio.Event()).set()
        await settle()

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self.delivery.hand_over(range(10), 0.0)


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    one = Bench()
    yield one
    await one.close()


async def test_what_has_no_room_is_not_read(bench: Bench) -> None:
    await bench.close()
    narrow = Bench(most=10, most_bytes=1000)
    for offset in range(5):
        narrow.events.put(offset, key=b"%d" % offset, value=b"x" * 400)
    await settle()
    assert narrow.begun == [0, 1]
    assert narrow.events.read == 3
    assert not narrow.delivery.full
    await narrow.finish(0)
    assert narrow.begun == [0, 1, 2]
    await narrow.close()


async def test_messages_of_a_key_follow_each_other_and_others_do_not_wait(bench: Bench) -> None:
    bench.events.put(0)
    bench.events.put(1)
    bench.events.put(2, key=b"b")
    await settle()
    assert bench.begun == [0, 2]
    await bench.finish(0)
    assert bench.begun == [0, 2, 1]
    assert bench.events.acked == [0]


async def test_a_hand_over_finishes_what_is_in_flight_and_begins_nothing(bench: Bench) -> None:
    bench.events.put(0)
    bench.events.put(1)
    bench.events.put(2, key=b"b", partition=1)
    await settle()
    leaving = asyncio.create_task(bench.delivery.hand_over([0], 5.0))
    await settle()
    assert not leaving.done()
    await bench.finish(0)
    await leaving
    assert bench.events.acked == [0]
    assert bench.begun == [0, 2]
    assert bench.cancelled == []
    assert bench.delivery.in_flight == 1


async def test_what_is_not_finished_in_time_is_abandoned_unacknowledged(bench: Bench) -> None:
    bench.events.put(0)
    await settle()
    await bench.delivery.hand_over([0], 0.01)
    assert bench.cancelled == [0]
    assert bench.events.acked == []
    assert bench.delivery.in_flight == 0


async def test_what_waited_for_room_while_its_partition_went_is_left_alone() -> None:
    bench = Bench(most=1)
    bench.events.put(0)
    bench.events.put(1, key=b"b")
    await settle()
    await bench.delivery.hand_over([0], 0.0)
    await settle()
    assert bench.begun == [0]
    bench.events.put(0)
    await settle()
    assert bench.begun == [0, 0]
    await bench.close()


async def test_a_message_that_stopped_workers_is_dead_lettered_unhandled(bench: Bench) -> None:
    bench.delivery.refuse([Source(kafka_topic="t", partition=0, offset=1)])
    bench.events.put(1)
    await settle()
    assert bench.begun == []
    assert bench.events.acked == [1]
    [letter] = bench.sent.messages
    assert letter.value is not None
    assert decode(DeadLetter, letter.value).error.kind == "standstill"
