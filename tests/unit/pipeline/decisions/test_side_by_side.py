"""When runs side by side are over, none goes on: neither after an error nor after a refusal."""

import asyncio

import pytest

from pipeline.allowances.till import AllowanceRefusedError
from pipeline.decisions.side_by_side import side_by_side


class Runs:
    """Runs that end when they are told to; notes how each ended."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.ended: list[str] = []

    async def give(self, what: str) -> str:
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.ended.append(f"{what} cancelled")
            raise
        self.ended.append(what)
        return what

    async def fail(self, error: Exception) -> str:
        await asyncio.sleep(0)
        raise error


async def test_what_the_runs_give_comes_in_their_order() -> None:
    runs = Runs()
    runs.go.set()
    assert await side_by_side([runs.give("one"), runs.give("two")]) == ["one", "two"]
    assert await side_by_side([runs.give("alone")]) == ["alone"]


async def test_an_error_ends_the_others() -> None:
    runs = Runs()
    with pytest.raises(OSError, match="the log"):
        await side_by_side([runs.give("one"), runs.fail(OSError("the log")), runs.give("two")])
    assert sorted(runs.ended) == ["one cancelled", "two cancelled"]


async def test_a_refusal_waits_for_what_is_paid() -> None:
    runs = Runs()
    refusal = AllowanceRefusedError("large", ())
    both = asyncio.create_task(side_by_side([runs.fail(refusal), runs.give("one")]))
    for _ in range(10):
        await asyncio.sleep(0)
    assert not both.done()
    runs.go.set()
    with pytest.raises(AllowanceRefusedError) as caught:
        await both
    assert caught.value is refusal
    assert runs.ended == ["one"]


async def test_who_cancels_it_cancels_the_runs() -> None:
    runs = Runs()
    both = asyncio.create_task(side_by_side([runs.give("one"), runs.give("two")]))
    await asyncio.sleep(0.01)
    both.cancel()
    with pytest.raises(asyncio.CancelledError):
        await both
    assert sorted(runs.ended) == ["one cancelled", "two cancelled"]
