"""What died in a cycle goes by time, however few objects are made."""

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest

from agents.garbage import collect_by_time


class Knot:
    """Refers to itself."""

    def __init__(self) -> None:
        self.own = self


@pytest.fixture
def only_by_time() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize(("whole_every", "old"), [(1000, False), (1, True)])
async def test_a_cycle_goes(only_by_time: None, whole_every: int, old: bool) -> None:
    knot = Knot()
    seen = weakref.ref(knot)
    if old:
        for generation in (0, 1):
            gc.collect(generation)
    del knot
    assert seen() is not None
    collecting = asyncio.create_task(collect_by_time(0.0, whole_every))
    for _ in range(3):
        await asyncio.sleep(0)
    collecting.cancel()
    assert seen() is None
