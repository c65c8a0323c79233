"""The loop of every agent: many messages in flight, each stream in order, acknowledged when done.

An agent body of Faust that raises loses its event; here every message ends delivered or
dead-lettered, and only then is it acknowledged.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import faust

from agents.dead_letters import dead_letter
from agents.intake import Taken
from agents.outbox import BrokerAwayError, Outbox, Outgoing
from agents.room import Room
from pipeline.clock import Clock
from pipeline.errors import InvalidInputError, RetryableError
from pipeline.metrics import DEAD_LETTERED, MESSAGES
from pipeline.tracing import message_span
from schemas.codec import DecodeError
from schemas.dead_letter import REPLAYED_FROM, Source

log = logging.getLogger("rolestream.delivery")

EventStream = Any
"""A stream of Faust; its declared type does not know `noack`."""

RETRY_DELAYS_S = (0.5, 2.0, 8.0, 20.0)


@dataclass(frozen=True)
class Incoming:
    """A message as it was read."""

    source: Source
    key: bytes | None
    value: bytes | None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def replayed_from(self) -> Source | None:
        """Where a replayed dead letter lay when it was first read."""
        return Source.parse(self.headers.get(REPLAYED_FROM, ""))

    @property
    def partition(self) -> int:
        """The partition number, which all messages of a stream share on every Kafka topic."""
        return self.source.partition


class BadMessageError(InvalidInputError):
    """A message to dead-letter under `kind`, one word for machines."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


Handler = Callable[[Incoming], Awaitable[None]]

Account = Callable[[Incoming, str], list[Outgoing]]
"""What else to send when a message is dead-lettered under a kind."""


class Delivery:
    """Handles the messages of one Faust app, as many at a time as there is `room` for."""

    def __init__(self, name: str, outbox: Outbox, clock: Clock, room: Room) -> None:
        self.account_for: Account = lambda incoming, kind: []
        self._name = name
        self._outbox = outbox
        self._clock = clock
        self._room = room
        self._closed = False
        self._refused: frozenset[Source] = frozenset()
        self._terms: Counter[int] = Counter()
        self._last: dict[tuple[int, bytes | None], asyncio.Task[None]] = {}
        self._tasks: dict[asyncio.Task[None], Incoming] = {}

    async def consume(self, stream: EventStream, handle: Handler) -> None:
        """Read until the stream ends. Messages of one key are handled one after the other."""
        async for event in stream.noack().events():
            if self._closed:
                continue
            incoming = read(event)
            term = self._terms[incoming.partition]
            size = len(incoming.value or b"")
            await self._room.enter(size)
            if term != self._terms[incoming.partition]:
                # Taken away while it waited for room: another worker may have it by now.
                self._room.leave(size)
                continue
            lane = (incoming.partition, incoming.key)
            before = self._last.get(lane)
            task = asyncio.create_task(self._deliver(event, incoming, handle, before, term))
            self._last[lane] = task
            self._tasks[task] = incoming
            task.add_done_callback(partial(self._left, lane, size))

    @property
    def in_flight(self) -> int:
        """How many messages are being worked on."""
        return len(self._tasks)

    @property
    def full(self) -> bool:
        """Whether nothing more is taken before something is done."""
        return self._room.full

    def handled_by(self, loop: asyncio.AbstractEventLoop) -> Source | None:
        """Which message the task that `loop` is running works on; for another thread to ask."""
        task = asyncio.current_task(loop)
        return next((found.source for key, found in list(self._tasks.items()) if key is task), None)

    def refuse(self, messages: Iterable[Source]) -> None:
        """Dead-letter these instead of handling them: workers came to a standstill at them."""
        self._refused |= frozenset(messages)

    @property
    def refuses(self) -> bool:
        """Whether there is a message that is to be dead-lettered instead."""
        return bool(self._refused)

    def check_refused(self, incoming: Incoming) -> None:
        """Raises BadMessageError for a message that is refused."""
        if incoming.source in self._refused:
            raise BadMessageError(
                "standstill", "workers that handled it did not get on and were restarted"
            )

    async def drain(self, limit_s: float) -> None:
        """Wait until what is in flight is done, at most `limit_s`; take nothing new meanwhile."""
        self._closed = True
        if self._tasks:
            await asyncio.wait(list(self._tasks), timeout=limit_s)

    async def hand_over(self, partitions: Iterable[int], limit_s: float) -> None:
        """Begin nothing more on partitions that are taken away; finish what is in flight there.

        What is not done after `limit_s` is abandoned, and read again by whoever comes next.
        """
        gone = set(partitions)
        self._terms.update(gone)
        tasks = [task for task, incoming in self._tasks.items() if incoming.partition in gone]
        if tasks and limit_s > 0.0:
            await asyncio.wait(tasks, timeout=limit_s)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def reject(self, incoming: Incoming, kind: str, message: str, attempts: int = 1) -> None:
        """Dead-letter a message; returns when the broker has the dead letter."""
        log.warning(
            "%s: dead letter (%s) from %s[%d]@%d: %s",
            self._name,
            kind,
            incoming.source.kafka_topic,
            incoming.source.partition,
            incoming.source.offset,
            message,
        )
        letter = dead_letter(
            incoming.source,
            incoming.key,
            incoming.value,
            kind,
            message,
            self._clock,
            role=self._name,
            attempts=attempts,
            replayed_from=incoming.replayed_from,
        )
        await self._outbox.send([letter, *self.account_for(incoming, kind)])
        MESSAGES.labels(self._name, "dead_lettered").inc()
        DEAD_LETTERED.labels(self._name.replace("-", "_"), kind).inc()

    async def reject_surely(
        self, incoming: Incoming, kind: str, message: str, attempts: int = 1
    ) -> None:
        """Dead-letter a message, however long the broker is away."""
        while True:
            try:
                await self.reject(incoming, kind, message, attempts)
            except Exception as error:
                log.warning("%s: cannot write a dead letter yet: %r", self._name, error)
                await asyncio.sleep(RETRY_DELAYS_S[1])
            else:
                return

    def _left(self, lane: tuple[int, bytes | None], size: int, task: asyncio.Task[None]) -> None:
        self._room.leave(size)
        self._tasks.pop(task, None)
        if self._last.get(lane) is task:
            del self._last[lane]

    async def _deliver(
        self,
        event: faust.EventT[Any],
        incoming: Incoming,
        handle: Handler,
        before: asyncio.Task[None] | None,
        term: int,
    ) -> None:
        if before is not None:
            await asyncio.wait([before])
            if term != self._terms[incoming.partition]:
                return
        with message_span(self._name, incoming.source, incoming.headers):
            await self._handle(incoming, handle)
        event.ack()

    async def _handle(self, incoming: Incoming, handle: Handler) -> None:
        attempts = 0
        while True:
            attempts += 1
            try:
                self.check_refused(incoming)
                await handle(incoming)
            except BrokerAwayError as error:
                log.warning("%s: %s; trying again", self._name, error)
                await asyncio.sleep(RETRY_DELAYS_S[min(attempts, len(RETRY_DELAYS_S)) - 1])
                continue
            except RetryableError as error:
                if attempts <= len(RETRY_DELAYS_S):
                    log.info("%s: %s; trying again", self._name, error)
                    await asyncio.sleep(RETRY_DELAYS_S[attempts - 1])
                    continue
                await self.reject_surely(incoming, "retries_exhausted", str(error), attempts)
            except BadMessageError as error:
                await self.reject_surely(incoming, error.kind, str(error), attempts)
            except (DecodeError, InvalidInputError) as error:
                await self.reject_surely(incoming, "invalid", str(error), attempts)
            except Exception as error:
                log.exception("%s: a fault of Rolestream itself", self._name)
                text = f"{type(error).__name__}: {error}"
                await self.reject_surely(incoming, "internal", text, attempts)
            else:
                MESSAGES.labels(self._name, "delivered").inc()
            return


def read(event: faust.EventT[Any] | Taken) -> Incoming:
    """The message of a Faust event."""
    message = event.message
    source = Source(kafka_topic=message.topic, partition=message.partition, offset=message.offset)
    headers = {
        name: (value or b"").decode("utf-8", "replace")
        for name, value in dict(message.headers or ()).items()
    }
    return Incoming(source, message.key, message.value, headers)
