"""The answer log in Kafka: what a role's model calls answered, by window."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Collection, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from agents.calls_under_way import CallsUnderWay
from agents.changelog import read_to_end
from agents.outbox import Outbox, Outgoing, Sending
from agents.role_app import RoleApp
from pipeline.clock import Clock
from schemas.answers import AnswerPlace, LoggedAnswer, place_of
from schemas.catalogue import ANSWERS
from schemas.codec import decode, encode
from schemas.roles import Role

ResultT = TypeVar("ResultT")

REMEMBERED_WINDOWS = 2000
"""Windows a partition whose answers stay in memory: many more than are ever read again."""


class KafkaAnswers:
    """The answers of one role, on the partitions this process works on."""

    def __init__(self, role_app: RoleApp, role: Role, keep_s: float) -> None:
        self._role_app = role_app
        self._role = role
        self._keep_s = keep_s
        self._logs: dict[int, PartitionAnswers] = {}
        self._reading: dict[int, asyncio.Lock] = {}
        self._calls = CallsUnderWay()

    async def log_for(self, partition: int) -> "TaskAnswers":
        """The log of a partition for one task; read from Kafka at first use."""
        async with self._reading.setdefault(partition, asyncio.Lock()):
            log = self._logs.get(partition)
            if log is None:
                outbox, clock = self._role_app.outbox, self._role_app.clock
                log = PartitionAnswers(outbox, partition, clock, self._keep_s, self._calls)
                async for entry in read_to_end(self._role_app.kafka, ANSWERS, partition):
                    own = entry.key.split("|", 2)[1:2] == [self._role.value]
                    if entry.value is not None and own:
                        log.remember(entry.key, entry.value, entry.written_s)
                self._logs[partition] = log
            return TaskAnswers(log)

    def forget(self, partitions: Iterable[int]) -> None:
        """The partitions are taken away: another process may log answers there from now on.

        Calls under way there go on until it is known whether the partitions come back.
        """
        for partition in partitions:
            self._logs.pop(partition, None)
        self._calls.leave(partitions)

    def keep(self, partitions: Collection[int]) -> None:
        """These partitions are assigned now, and no others."""
        self._calls.keep(partitions)


@dataclass(slots=True)
class Entry:
    """An answer; `sending` is its way to the broker, None once it is known to be there."""

    key: str
    value: bytes
    sending: Sending | None = None


class PartitionAnswers:
    """The answers on one partition; keeps those of its latest windows in memory.

    A finished window's answers stay too: its task may be read again, and must not be paid again.
    They are forgotten after `keep_s`, as Kafka forgets them, or when there are `most` later ones.
    """

    def __init__(
        self,
        outbox: Outbox,
        partition: int,
        clock: Clock,
        keep_s: float,
        calls: CallsUnderWay,
        most: int = REMEMBERED_WINDOWS,
    ) -> None:
        self._outbox = outbox
        self._partition = partition
        self._clock = clock
        self._keep_s = keep_s
        self._calls = calls
        self._most = most
        self._windows: OrderedDict[str, dict[str, Entry]] = OrderedDict()
        self._begun_s: dict[str, float] = {}

    def find(self, key: str) -> Entry | None:
        """The answer with this key, if there is one."""
        return self._windows.get(key.split("|", 1)[0], {}).get(key)

    def models(self, window_id: str, role: Role) -> tuple[str, ...]:
        """The arms logged for (window, role)."""
        places = self._places(window_id, role)
        return tuple(dict.fromkeys(p.model for p in places if not p.is_judgment))

    def judges(self, window_id: str, role: Role, input_digest: str) -> tuple[str, ...]:
        """The judges whose judgments of this answer are logged, oldest first."""
        places = self._places(window_id, role)
        return tuple(p.model for p in places if p.is_judgment and p.input_digest == input_digest)

    async def join(self, key: str, make: Callable[[], Coroutine[Any, Any, ResultT]]) -> ResultT:
        """What comes of the call with this key, begun before a rebalance perhaps.

        None is begun while others may have the partition: they may have logged its answer.
        """
        await self._outbox.hold()
        return await self._calls.join(self._partition, key, make)

    async def append(self, answer: LoggedAnswer) -> Entry:
        """Put the answer on its way to the broker, and remember it."""
        entry = Entry(answer.key, encode(answer))
        entry.sending = await self._begin(entry)
        self._keep(entry, self._clock.now().timestamp())
        return entry

    async def settle(self, entry: Entry) -> None:
        """Returns when the broker has it; one that it refused before is sent once more.

        Raises BrokerAwayError or InvalidInputError when it is refused; the answer stays remembered.
        """
        if entry.sending is not None:
            if entry.sending.failed:
                entry.sending = await self._begin(entry)
            await entry.sending.taken()
            entry.sending = None

    def remember(self, key: str, value: bytes, written_s: float) -> None:
        """Take an answer of Kafka's into memory."""
        self._keep(Entry(key, value), written_s)

    def _keep(self, entry: Entry, written_s: float) -> None:
        # Beyond the bounds the oldest windows are forgotten.
        window_id = entry.key.split("|", 1)[0]
        self._windows.setdefault(window_id, {})[entry.key] = entry
        self._begun_s.setdefault(window_id, written_s)
        oldest_s = self._clock.now().timestamp() - self._keep_s
        while self._windows:
            oldest = next(iter(self._windows))
            if len(self._windows) <= self._most and self._begun_s[oldest] >= oldest_s:
                return
            del self._windows[oldest], self._begun_s[oldest]

    async def _begin(self, entry: Entry) -> Sending:
        message = Outgoing(ANSWERS, self._partition, entry.key, entry.value)
        return await self._outbox.begin([message])

    def _places(self, window_id: str, role: Role) -> list[AnswerPlace]:
        places = [place_of(key) for key in self._windows.get(window_id, {})]
        return [place for place in places if place.role == role]


class TaskAnswers:
    """The AnswerLog that one task is served with."""

    def __init__(self, log: PartitionAnswers) -> None:
        self._log = log
        self._used: list[Entry] = []

    def find(self, key: str) -> LoggedAnswer | None:
        """The answer with this key, if there is one."""
        entry = self._log.find(key)
        if entry is None:
            return None
        if entry.sending is not None:
            self._used.append(entry)
        return decode(LoggedAnswer, entry.value)

    def models(self, window_id: str, role: Role) -> tuple[str, ...]:
        """The arms whose answers to (window, role) are there, oldest first."""
        return self._log.models(window_id, role)

    def judges(self, window_id: str, role: Role, input_digest: str) -> tuple[str, ...]:
        """The judges whose judgments of this answer are there, oldest first."""
        return self._log.judges(window_id, role, input_digest)

    async def join(self, key: str, make: Callable[[], Coroutine[Any, Any, ResultT]]) -> ResultT:
        """What comes of the call with this key, begun before a rebalance perhaps."""
        return await self._log.join(key, make)

    async def append(self, answer: LoggedAnswer) -> None:
        """Put the answer on its way to the broker."""
        self._used.append(await self._log.append(answer))

    async def settled(self) -> None:
        """Returns when the broker has all answers that the task was served with.

        Raises BrokerAwayError or InvalidInputError when it refuses one; the next time that one is
        sent once more.
        """
        for entry in self._used:
            await self._log.settle(entry)
