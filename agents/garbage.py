"""Garbage collection for a process that holds many messages: seldom, and not over what stays.

Python looks for cycles after 700 allocations; with hundreds of windows in memory that took a
third of a worker's time, and whole collections were pauses of a tenth of a second.
"""

import asyncio
import gc

_NEW_OBJECTS = 100_000
_YOUNG_ROUNDS = 20
_OLD_ROUNDS = 100
_EVERY_S = 5.0
_WHOLE_EVERY = 720


def collect_seldom() -> None:
    """Look for cycles less often, and never among the objects that there are now."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, _YOUNG_ROUNDS, _OLD_ROUNDS)


async def collect_by_time(every_s: float = _EVERY_S, whole_every: int = _WHOLE_EVERY) -> None:
    """Look for cycles among what is young every few seconds, every hour among all but the frozen.

    Where little goes on, it can take an hour until there are so many new objects, and until then
    what died in cycles would stay. A look takes some 0.2 us an object: after a minute it held
    windows up for 20 ms.
    """
    rounds = 0
    while True:
        await asyncio.sleep(every_s)
        rounds += 1
        gc.collect(1 if rounds % whole_every else 2)
