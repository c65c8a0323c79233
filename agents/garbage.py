"""Garbage collection for a process that holds many messages: seldom, and not over what stays.

Python looks for cycles after 700 allocations; with hundreds of windows in memory that took a
third of a worker's time, and whole collections were pauses of a tenth of a second.
"""

import asyncio
import gc

_NEW_OBJECTS = 100_000
_YOUNG_ROUNDS = 20
_OLD_ROUNDS = 100
_EVERY_S = 60.0
_WHOLE_EVERY = 60


def collect_seldom() -> None:
    """Look for cycles less often, and never among the objects that there are now."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, _YOUNG_ROUNDS, _OLD_ROUNDS)


async def collect_by_time(every_s: float = _EVERY_S, whole_every: int = _WHOLE_EVERY) -> None:
    """Look for cycles among what is young every minute, and among all but the frozen every hour.

    Where little goes on, it can take an hour until there are so many new objects, and until then
    what died in cycles would stay.
    """
    rounds = 0
    while True:
        await asyncio.sleep(every_s)
        rounds += 1
        gc.collect(1 if rounds % whole_every else 2)
