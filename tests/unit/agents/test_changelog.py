"""State expires: what was not written for long gets a tombstone, and nothing else does."""

import asyncio
from collections.abc import Iterable
from typing import cast

import pytest

from agents.changelog import ChangelogStore, Entry
from agents.outbox import BrokerAwayError, Outbox, Outgoing
from pipeline.clock import ManualClock
from pipeline.config import KafkaSettings

KAFKA = KafkaSettings(bootstrap_servers="nowhere:1")


class SlowOutbox:
    """Takes messages once `open` is set; refuses them while `away`."""

    def __init__(self) -> None:
        self.sent: list[Outgoing] = []
        self.open = asyncio.Event()
        self.open.set()
        self.away = False

    async def send(self, messages: Iterable[Outgoing]) -> None:
        await self.open.wait()
        if self.away:
            raise BrokerAwayError("away")
        self.sent += messages


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def outbox() -> SlowOutbox:
    return SlowOutbox()


@pytest.fixture
async def store(
    clock: ManualClock, outbox: SlowOutbox, monkeypatch: pytest.MonkeyPatch
) -> ChangelogStore:
    async def nothing(*_: object) -> object:
        for entry in (Entry("kept", b"0", clock.now().timestamp() - 50.0),):
            yield entry

    monkeypatch.setattr("agents.changelog.read_to_end", nothing)
    store = ChangelogStore(KAFKA, "splitter-state", cast(Outbox, outbox), clock)
    await store.ready(1)
    return store


def before(clock: ManualClock, seconds: float) -> float:
    return clock.now().timestamp() - seconds


async def test_only_what_was_not_written_for_long_goes(
    store: ChangelogStore, clock: ManualClock, outbox: SlowOutbox
) -> None:
    await store.put(1, {"a": b"1", "b": b"1"})
    clock.advance(40.0)
    await store.put(1, {"b": b"2"})
    assert await store.expire(before(clock, 80.0)) == 1
    assert await store.expire(before(clock, 30.0)) == 1
    assert [(m.key, m.value) for m in outbox.sent[3:]] == [("kept", None), ("a", None)]
    assert (store.get(1, "a"), store.get(1, "b"), len(store)) == (None, b"2", 1)
    assert await store.expire(before(clock, 30.0)) == 0


async def test_a_value_never_lands_before_the_tombstone_of_its_key(
    store: ChangelogStore, clock: ManualClock, outbox: SlowOutbox
) -> None:
    clock.advance(100.0)
    outbox.open.clear()
    expiring = asyncio.create_task(store.expire(before(clock, 60.0)))
    await asyncio.sleep(0)
    putting = asyncio.create_task(store.put(1, {"kept": b"1"}))
    await asyncio.sleep(0)
    outbox.open.set()
    await asyncio.gather(expiring, putting)
    assert [(m.key, m.value) for m in outbox.sent] == [("kept", None), ("kept", b"1")]
    assert store.get(1, "kept") == b"1"


async def test_what_is_being_written_does_not_expire(
    store: ChangelogStore, clock: ManualClock, outbox: SlowOutbox
) -> None:
    clock.advance(100.0)
    outbox.open.clear()
    putting = asyncio.create_task(store.put(1, {"kept": b"1"}))
    await asyncio.sleep(0)
    assert await store.expire(before(clock, 60.0)) == 0
    outbox.open.set()
    await putting


async def test_without_a_broker_nothing_is_forgotten(
    store: ChangelogStore, clock: ManualClock, outbox: SlowOutbox
) -> None:
    outbox.away = True
    with pytest.raises(BrokerAwayError):
        await store.expire(before(clock, 1.0))
    assert store.get(1, "kept") == b"0"
    outbox.away = False
    await store.put(1, {"kept": b"1"})
    assert store.get(1, "kept") == b"1"


async def test_partitions_that_are_taken_away_are_forgotten(store: ChangelogStore) -> None:
    store.forget([1])
    assert len(store) == 0


async def test_keys_of_a_group_expire_together(
    clock: ManualClock, outbox: SlowOutbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(*_: object) -> object:
        for entry in (Entry("z", b"0", clock.now().timestamp() - 50.0),):
            yield entry

    monkeypatch.setattr("agents.changelog.read_to_end", nothing)
    store = ChangelogStore(KAFKA, "subjects-state", cast(Outbox, outbox), clock, lambda key: key[0])
    await store.ready(1)
    await store.put(1, {"a": b"1", "b": b"1", "b2": b"1"})
    clock.advance(40.0)
    await store.put(1, {"a2": b"2"})
    assert await store.expire(before(clock, 30.0)) == 3
    assert (store.get(1, "a"), store.get(1, "b"), len(store)) == (b"1", None, 2)
    clock.advance(40.0)
    assert await store.expire(before(clock, 30.0)) == 2
    assert len(store) == 0
