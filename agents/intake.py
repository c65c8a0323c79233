"""Batches from Kafka straight to an agent: Faust's way to a stream costs 0.3 ms a message.

Group, assignment, seeks, fetching and commits stay Faust's; only the path from the fetched batch
to the agent's loop is our own, and the order of a partition is kept on it.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from typing import Any, Protocol

import faust
from faust.app import BootStrategy
from faust.types import TP

from agents.membership import Membership

_AT_ONCE = 64
"""Messages after which other tasks have a turn, however many wait."""


class Done(Protocol):
    """What is told which messages are done with."""

    def done(self, tp: TP, offsets: Sequence[int]) -> None:
        """The offsets of these may be committed."""
        ...


class Taken:
    """One message as Faust's own events have it: `message`, and `ack()` once it is done."""

    __slots__ = ("_consumer", "offset", "record", "tp")

    def __init__(self, consumer: Done, tp: TP, record: Any) -> None:
        self._consumer = consumer
        self.record = record
        self.tp = tp
        self.offset: int = record.offset

    @property
    def message(self) -> "Taken":
        """Itself: where it is from, and `key`, `value` and `headers`."""
        return self

    @property
    def topic(self) -> str:
        """The Kafka topic."""
        return self.tp.topic

    @property
    def partition(self) -> int:
        """The partition's number."""
        return self.tp.partition

    @property
    def key(self) -> bytes | None:
        """As it was fetched."""
        key: bytes | None = self.record.key
        return key

    @property
    def value(self) -> bytes | None:
        """As it was fetched."""
        value: bytes | None = self.record.value
        return value

    @property
    def headers(self) -> Sequence[tuple[str, bytes | None]]:
        """As they were fetched."""
        headers: Sequence[tuple[str, bytes | None]] = self.record.headers
        return headers

    def ack(self) -> None:
        """The message is done with: its offset may be committed."""
        self._consumer.done(self.tp, [self.offset])


class Batch:
    """Some messages of a partition in their order; it ends early when the partition is `gone`."""

    __slots__ = ("_consumer", "gone", "records", "size", "tp")

    def __init__(self, consumer: Done, tp: TP, records: Sequence[Any]) -> None:
        self._consumer = consumer
        self.tp = tp
        self.records = records
        self.size = sum([len(record.value) for record in records if record.value])
        self.gone = False

    def __iter__(self) -> Iterator[Any]:
        for record in self.records:
            if self.gone:
                return
            yield record

    def taken(self, record: Any) -> Taken:
        """One of its messages by itself."""
        return Taken(self._consumer, self.tp, record)


class Intake:
    """What was fetched and not yet handled, in the order of its partitions.

    When `most` messages or `most_bytes` of payload wait, no more is fetched until half is left.
    """

    def __init__(self, most: int, most_bytes: int) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._waiting: deque[Batch] = deque()
        self._in_hand: Batch | None = None
        self._count = 0
        self._bytes = 0
        self._some = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    def put(self, consumer: Done, tp: TP, records: Sequence[Any]) -> None:
        """Add messages of a partition."""
        for begin in range(0, len(records), _AT_ONCE):
            batch = Batch(consumer, tp, records[begin : begin + _AT_ONCE])
            self._waiting.append(batch)
            self._count += len(batch.records)
            self._bytes += batch.size
        if self._waiting:
            self._some.set()
        if self._count >= self._most or self._bytes >= self._most_bytes:
            self._room.clear()

    async def room(self) -> None:
        """Wait until more may be fetched."""
        await self._room.wait()

    @property
    def waiting(self) -> int:
        """How many batches were fetched and not begun."""
        return len(self._waiting)

    def drop(self, revoked: Iterable[TP]) -> None:
        """Partitions are taken away: what waits of them will be read again by their next owner."""
        gone = set(revoked)
        if self._in_hand is not None and self._in_hand.tp in gone:
            self._in_hand.gone = True
            self._put_down()
        for batch in [batch for batch in self._waiting if batch.tp in gone]:
            self._waiting.remove(batch)
            self._leave(batch)

    def noack(self) -> "Intake":
        """Like Faust's streams: nothing is acknowledged by itself."""
        return self

    async def batches(self) -> AsyncIterator[Batch]:
        """The messages, as they come, without end; a batch counts as waiting until the next."""
        turns = 0
        while True:
            while self._waiting:
                self._in_hand = self._waiting.popleft()
                turns += len(self._in_hand.records)
                yield self._in_hand
                self._put_down()
                if turns >= _AT_ONCE:
                    turns = 0
                    await asyncio.sleep(0)
            self._some.clear()
            await self._some.wait()

    async def events(self) -> AsyncIterator[Taken]:
        """The same one by one."""
        async for batch in self.batches():
            for record in batch:
                yield batch.taken(record)

    def _put_down(self) -> None:
        if self._in_hand is not None:
            self._leave(self._in_hand)
            self._in_hand = None

    def _leave(self, batch: Batch) -> None:
        self._count -= len(batch.records)
        self._bytes -= batch.size
        if self._count <= self._most // 2 and self._bytes <= self._most_bytes // 2:
            self._room.set()


class _WithoutProducer(BootStrategy):
    """Starts no producer of Faust's: roles send by an outbox."""

    enable_kafka_producer = False


class AppWithIntake(faust.App):
    """A Faust app whose fetched messages go to its `intake`, and whose heartbeats to its
    `membership`, if it has one.
    """

    BootStrategy = _WithoutProducer
    intake: Intake | None = None
    membership: Membership | None = None
