"""Batches from Kafka straight to an agent: Faust's way to a stream costs 0.3 ms a message.

Group, assignment, seeks, fetching and commits stay Faust's; only the path from the fetched batch
to the agent's loop is our own, and the order of a partition is kept on it.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable
from typing import Any

import faust
from faust.app import BootStrategy
from faust.types import TP

from agents.membership import Membership

_YIELD_EVERY = 64
"""Messages after which other tasks have a turn, however many wait."""


class Taken:
    """One message as Faust's own events have it: `message`, and `ack()` once it is done."""

    __slots__ = ("__weakref__", "_consumer", "acked", "message", "offset", "size", "tp")

    def __init__(self, consumer: Any, tp: TP, message: Any) -> None:
        self._consumer = consumer
        self.message = message
        self.tp = tp
        self.offset: int = message.offset
        self.size = len(message.value or b"")
        self.acked = False

    @property
    def topic(self) -> str:
        """The Kafka topic."""
        return self.tp.topic

    def ack(self) -> None:
        """The message is done with: its offset may be committed."""
        self._consumer.ack(self)


class Intake:
    """What was fetched and not yet handled, in the order of its partitions.

    When `most` messages or `most_bytes` of payload wait, no more is fetched until half is left.
    """

    def __init__(self, most: int, most_bytes: int) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._waiting: deque[Taken] = deque()
        self._waiting_bytes = 0
        self._some = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    def put(self, messages: Iterable[Taken]) -> None:
        """Add messages."""
        for taken in messages:
            self._waiting.append(taken)
            self._waiting_bytes += taken.size
        if self._waiting:
            self._some.set()
        if len(self._waiting) >= self._most or self._waiting_bytes >= self._most_bytes:
            self._room.clear()

    async def room(self) -> None:
        """Wait until more may be fetched."""
        await self._room.wait()

    def drop(self, revoked: Iterable[TP]) -> None:
        """Partitions are taken away: what waits of them will be read again by their next owner."""
        gone = set(revoked)
        self._waiting = deque(taken for taken in self._waiting if taken.tp not in gone)
        self._waiting_bytes = sum(taken.size for taken in self._waiting)
        self._make_room()

    def noack(self) -> "Intake":
        """Like Faust's streams: nothing is acknowledged by itself."""
        return self

    async def events(self) -> AsyncIterator[Taken]:
        """The messages, as they come, without end."""
        turns = 0
        while True:
            while self._waiting:
                taken = self._waiting.popleft()
                self._waiting_bytes -= taken.size
                if not self._room.is_set():
                    self._make_room()
                yield taken
                turns += 1
                if turns % _YIELD_EVERY == 0:
                    await asyncio.sleep(0)
            self._some.clear()
            await self._some.wait()

    def _make_room(self) -> None:
        if len(self._waiting) <= self._most // 2 and self._waiting_bytes <= self._most_bytes // 2:
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
