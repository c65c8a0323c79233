"""A role begins to serve a task that is not there yet, as far as that does no harm.

What it does ahead are its model calls and their entries in its answer log. Nothing goes out before
the task itself has come from Kafka, as it was made, and that is sent only when the broker has all
answers it rests on.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Collection, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pipeline.tracing import traces_are_kept
from schemas.role_task import RoleTask

ResultT = TypeVar("ResultT")

_MOST_STREAMS = 20_000
_MOST_AT_ONCE = 64

Sent = Callable[[RoleTask, int, bytes], None]
"""Hears of a task for the next role, its partition and its bytes, before it is sent."""


@dataclass
class Begun(Generic[ResultT]):
    """A task that is being served, or was, ahead of its coming."""

    task: RoleTask
    made: asyncio.Task[ResultT]


@dataclass
class _Latest:
    """The latest task that this process made of a stream, and whether its role is done with it."""

    window_id: str
    attempt: int
    handled: bool = False


class HeadStart(Generic[ResultT]):
    """Head starts of one role: `serve(task, partition)` is begun where `may(partition)` allows it.

    One is given only if the role is done with all that was sent of the stream before: then it has
    the stream's state that it will have, and a task that workers came to a standstill at is not
    among them when they are back.
    """

    def __init__(
        self,
        may: Callable[[int], bool],
        serve: Callable[[RoleTask, int], Coroutine[Any, Any, ResultT]],
    ) -> None:
        self._may = may
        self._serve = serve
        self._latest: OrderedDict[tuple[int, str], _Latest] = OrderedDict()
        self._begun: OrderedDict[tuple[int, bytes], Begun[ResultT]] = OrderedDict()

    def sent(self, task: RoleTask, partition: int, value: bytes) -> None:
        """A task is about to be sent to the role: serve it, if nothing speaks against it."""
        lane = (partition, task.window.stream_id)
        before = self._latest.pop(lane, None)
        self._latest[lane] = _Latest(task.window.window_id, task.attempt)
        if len(self._latest) > _MOST_STREAMS:
            self._latest.popitem(last=False)
        if before is None or not before.handled or traces_are_kept() or not self._may(partition):
            return
        while len(self._begun) >= _MOST_AT_ONCE:
            # Of one that never came; what it paid for is in the answer log.
            _, old = self._begun.popitem(last=False)
            old.made.cancel()
        made = asyncio.create_task(self._serve(task, partition))
        made.add_done_callback(_look_at)
        self._begun[partition, value] = Begun(task, made)

    def take(self, partition: int, value: bytes | None) -> Begun[ResultT] | None:
        """What was begun of the task with these bytes, once."""
        if not self._begun or value is None:
            return None
        return self._begun.pop((partition, value), None)

    def handled(self, task: RoleTask, partition: int) -> None:
        """The role is done with a task."""
        latest = self._latest.get((partition, task.window.stream_id))
        if latest is not None and latest.window_id == task.window.window_id:
            latest.handled = latest.handled or latest.attempt == task.attempt

    def forget(self, partitions: Iterable[int]) -> None:
        """The partitions are taken away: their next owner serves what is on its way."""
        gone = set(partitions)
        for key in [key for key in self._begun if key[0] in gone]:
            self._begun.pop(key).made.cancel()
        for lane in [lane for lane in self._latest if lane[0] in gone]:
            del self._latest[lane]

    def keep(self, partitions: Collection[int]) -> None:
        """These partitions are assigned now, and no others."""
        known = {key[0] for key in (*self._begun, *self._latest)}
        self.forget(known - set(partitions))


def _look_at(made: asyncio.Task[Any]) -> None:
    # Whoever takes it hears of its failure; one that nobody takes is not worth a line of asyncio's.
    if not made.cancelled():
        made.exception()
