"""Model calls that outlive their handler: a rebalance takes partitions away and mostly gives them
back to the same worker, and a call that ran on meanwhile need not be paid again.
"""

import asyncio
from collections.abc import Callable, Collection, Coroutine, Iterable
from typing import Any, TypeVar

ResultT = TypeVar("ResultT")
_Place = tuple[int, str]


class CallsUnderWay:
    """The calls of a role in this process, by partition and answer key.

    A result goes to whoever waits for it and is not logged here: only the owner of a partition may
    write its log.
    """

    def __init__(self) -> None:
        self._calls: dict[_Place, asyncio.Task[Any]] = {}
        self._left: set[_Place] = set()

    async def join(
        self, partition: int, key: str, make: Callable[[], Coroutine[Any, Any, ResultT]]
    ) -> ResultT:
        """The result of the call with this key, which `make` begins unless it is under way.

        Whoever waits may be cancelled; the call goes on until `leave` or `keep` end it. Raises
        what the call raises.
        """
        place = (partition, key)
        call = self._calls.get(place)
        if call is None or call.cancelled():
            call = self._calls[place] = asyncio.create_task(make())
            call.add_done_callback(_look_at)
        self._left.discard(place)
        await asyncio.wait([call])
        if self._calls.get(place) is call:
            self._end({place})
        result: ResultT = call.result()
        return result

    def leave(self, partitions: Iterable[int]) -> None:
        """The partitions are taken away: their calls go on, for the case that they come back.

        What was left so before, and nobody asked for since, ends.
        """
        gone = set(partitions)
        self._end({place for place in self._left if place[0] in gone})
        self._left |= {place for place in self._calls if place[0] in gone}

    def keep(self, partitions: Collection[int]) -> None:
        """These partitions are assigned now; calls on others end, their next owner makes them."""
        self._end({place for place in self._calls if place[0] not in partitions})

    def __len__(self) -> int:
        return len(self._calls)

    def _end(self, places: Collection[_Place]) -> None:
        for place in places:
            if (call := self._calls.pop(place, None)) is not None:
                call.cancel()
        self._left -= set(places)


def _look_at(call: asyncio.Task[Any]) -> None:
    # A failure that nobody waits for any more is not worth a line of asyncio's.
    if not call.cancelled():
        call.exception()
