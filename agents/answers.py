"""The answer log in Kafka: what a role's model calls answered, by window."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Collection, Coroutine, Iterable
from typing import Any, TypeVar

from agents.calls_under_way import CallsUnderWay
from agents.changelog import read_to_end
from agents.outbox import Outbox, Outgoing
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

    async def log_for(self, partition: int) -> "PartitionAnswers":
        """The log of a partition, read from Kafka at first use."""
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
            return log

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


class PartitionAnswers:
    """An AnswerLog on one partition; keeps the answers of its latest windows in memory.

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
        self._windows: OrderedDict[str, dict[str, bytes]] = OrderedDict()
        self._begun_s: dict[str, float] = {}

    def find(self, key: str) -> LoggedAnswer | None:
        """The answer with this key, if it was logged."""
        value = self._windows.get(key.split("|", 1)[0], {}).get(key)
        return None if value is None else decode(LoggedAnswer, value)

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

    async def append(
        self, answer: LoggedAnswer, meanwhile: Callable[[], None] | None = None
    ) -> None:
        """Write the answer; returns when the broker has it. `meanwhile` is called when it is on
        its way.
        """
        value = encode(answer)
        await self._outbox.send([Outgoing(ANSWERS, self._partition, answer.key, value)], meanwhile)
        self.remember(answer.key, value, self._clock.now().timestamp())

    def remember(self, key: str, value: bytes, written_s: float) -> None:
        """Take an answer into memory; beyond the bounds the oldest windows are forgotten."""
        window_id = key.split("|", 1)[0]
        self._windows.setdefault(window_id, {})[key] = value
        self._begun_s.setdefault(window_id, written_s)
        oldest_s = self._clock.now().timestamp() - self._keep_s
        while self._windows:
            oldest = next(iter(self._windows))
            if len(self._windows) <= self._most and self._begun_s[oldest] >= oldest_s:
                return
            del self._windows[oldest], self._begun_s[oldest]

    def _places(self, window_id: str, role: Role) -> list[AnswerPlace]:
        places = [place_of(key) for key in self._windows.get(window_id, {})]
        return [place for place in places if place.role == role]
