"""Counts the calls of functions that a piece of work makes: a cost that is the same every time."""

import sys
from collections.abc import Awaitable, Callable
from types import FrameType


def calls_of(work: Callable[[], object]) -> int:
    """How many Python and C functions `work` calls."""
    counted = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal counted
        if event in ("call", "c_call"):
            counted += 1

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return counted


async def calls_of_async(work: Callable[[], Awaitable[object]]) -> int:
    """The same for work that waits; what else the loop does meanwhile counts too."""
    counted = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal counted
        if event in ("call", "c_call"):
            counted += 1

    sys.setprofile(count)
    try:
        await work()
    finally:
        sys.setprofile(None)
    return counted
