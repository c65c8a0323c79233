"""State that is read back: what another worker may have written meanwhile is not kept."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from agents import changelog
from agents.changelog import ChangelogStore, Entry, PartitionGoneError
from pipeline.clock import ManualClock


class Log:
    """A changelog whose reading is held until it is let go."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.value = b"old"

    async def read(self, *_: Any) -> AsyncIterator[Entry]:
        value = self.value
        await self.go.wait()
        yield Entry("key", value, 0.0)


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Log:
    one = Log()
    monkeypatch.setattr(changelog, "read_to_end", one.read)
    return one


def store() -> ChangelogStore:
    nothing: Any = None
    return ChangelogStore(nothing, "state", nothing, ManualClock())


async def test_a_partition_is_read_once(log: Log) -> None:
    one = store()
    log.go.set()
    await one.ready(0)
    log.value = b"new"
    await one.ready(0)
    assert one.get(0, "key") == b"old"


@pytest.mark.parametrize("comes_back", [False, True])
async def test_state_of_a_partition_that_goes_while_it_is_read_is_not_kept(
    log: Log, comes_back: bool
) -> None:
    one = store()
    reading = asyncio.create_task(one.ready(0))
    await asyncio.sleep(0)
    one.forget([0])
    log.value = b"of another worker"
    again = asyncio.create_task(one.ready(0)) if comes_back else None
    log.go.set()
    with pytest.raises(PartitionGoneError):
        await reading
    if again is not None:
        await again
        assert one.get(0, "key") == b"of another worker"
    else:
        with pytest.raises(KeyError):
            one.get(0, "key")
