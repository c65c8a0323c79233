"""Garbage collection for a process that holds many messages: seldom, and not over what stays.

Python looks for cycles after 700 allocations; with hundreds of windows in memory that took a
third of a worker's time, and whole collections were pauses of a tenth of a second.
"""

import gc

_NEW_OBJECTS = 100_000
_YOUNG_ROUNDS = 20
_OLD_ROUNDS = 100


def collect_seldom() -> None:
    """Look for cycles less often, and never among the objects that there are now."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, _YOUNG_ROUNDS, _OLD_ROUNDS)
