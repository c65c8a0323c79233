"""Calls go on while a partition is away, are joined when it is back, and end when it is not."""

import asyncio

import pytest

from agents.calls_under_way import CallsUnderWay


class Endpoint:
    """Counts calls and answers when it is let go."""

    def __init__(self) -> None:
        self.called = 0
        self.ended = 0
        self.go = asyncio.Event()

    async def call(self) -> str:
        self.called += 1
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.ended += 1
            raise
        return f"answer {self.called}"


async def begun(calls: CallsUnderWay, endpoint: Endpoint) -> asyncio.Task[str]:
    task = asyncio.create_task(calls.join(3, "key", endpoint.call))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return task


async def abandoned(task: asyncio.Task[str]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_call_is_made_once_for_all_who_wait() -> None:
    calls, endpoint = CallsUnderWay(), Endpoint()
    first, second = await begun(calls, endpoint), await begun(calls, endpoint)
    endpoint.go.set()
    assert [await first, await second] == ["answer 1", "answer 1"]
    assert len(calls) == 0
    assert await calls.join(3, "key", endpoint.call) == "answer 2"


@pytest.mark.parametrize("done_meanwhile", [False, True])
async def test_a_call_is_joined_when_its_partition_comes_back(done_meanwhile: bool) -> None:
    calls, endpoint = CallsUnderWay(), Endpoint()
    await abandoned(await begun(calls, endpoint))
    calls.leave([3])
    if done_meanwhile:
        endpoint.go.set()
        await asyncio.sleep(0)
    calls.keep({3, 4})
    endpoint.go.set()
    assert await calls.join(3, "key", endpoint.call) == "answer 1"
    assert endpoint.called == 1


async def test_a_call_ends_when_its_partition_goes_to_another_worker() -> None:
    calls, endpoint = CallsUnderWay(), Endpoint()
    await abandoned(await begun(calls, endpoint))
    calls.leave([3])
    calls.keep({4})
    await asyncio.sleep(0)
    assert (endpoint.ended, len(calls)) == (1, 0)


async def test_a_call_that_nobody_asks_for_ends_at_the_next_rebalance() -> None:
    calls, endpoint = CallsUnderWay(), Endpoint()
    await abandoned(await begun(calls, endpoint))
    for _ in range(2):
        assert len(calls) == 1
        calls.leave([3])
        calls.keep({3})
    assert len(calls) == 0


async def test_a_call_that_is_asked_for_outlives_many_rebalances() -> None:
    calls, endpoint = CallsUnderWay(), Endpoint()
    for _ in range(3):
        await abandoned(await begun(calls, endpoint))
        calls.leave([3])
        calls.keep({3})
    endpoint.go.set()
    assert await calls.join(3, "key", endpoint.call) == "answer 1"


async def test_a_failure_is_told_to_who_waits() -> None:
    async def fail() -> str:
        raise ValueError("no")

    calls = CallsUnderWay()
    with pytest.raises(ValueError, match="no"):
        await calls.join(3, "key", fail)
    assert len(calls) == 0
