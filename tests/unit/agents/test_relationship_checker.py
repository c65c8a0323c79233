"""A stream's registry: a window writes what it changes, and every restart finds the same state."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from agents import relationship_checker
from agents.relationship_checker import SubjectRegistries, stream_key
from pipeline.clock import ManualClock
from pipeline.config import WorkerSettings
from pipeline.decisions.serve import Served
from pipeline.olp.registry import Registry, RegistrySnapshot
from schemas.codec import decode, encode
from schemas.messages import Subject
from schemas.role_task import RoleTask
from schemas.roles import Role
from tests.role_tasks import resolved, role_task, subject, window

AT = datetime(2026, 1, 1, tzinfo=UTC)
KEEP_S = 3600.0


class Store:
    """A changelog in memory; `written` has every message in order."""

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}
        self.written: list[tuple[str, bytes]] = []
        self.away = False

    async def ready(self, partition: int) -> None:
        return None

    def get(self, partition: int, key: str) -> bytes | None:
        return self.values.get(key)

    async def put(self, partition: int, changes: dict[str, bytes]) -> None:
        self.written += changes.items()
        if self.away:
            raise ConnectionError("on the broker perhaps, but not acknowledged")
        self.values |= changes

    def forget(self, partitions: object) -> None:
        return None

    def restarted(self) -> "Store":
        """What the log has, as another process reads it."""
        again = Store()
        again.values = {key: bytes(bytearray(value)) for key, value in self.written}
        again.written = list(again.values.items())
        return again


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(AT)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch, clock: ManualClock) -> Any:
    def open_(store: Store) -> SubjectRegistries:
        monkeypatch.setattr(relationship_checker, "ChangelogStore", lambda *_: store)
        monkeypatch.setattr(relationship_checker, "let_expire", lambda *_: None)
        role_app: Any = SimpleNamespace(
            clock=clock, kafka=None, outbox=None, follow_partitions=lambda forget: None
        )
        return SubjectRegistries(role_app, WorkerSettings(max_known_subjects=5000), KEEP_S)

    return open_


def task(number: int, *names: str, merged: tuple[str, ...] = ()) -> RoleTask:
    of = role_task(
        Role.RELATIONSHIP_CHECKER, window(["Roses need water."], window_id=f"window-{number}")
    )
    items = [resolved(name, place, merged=list(merged)) for place, name in enumerate(names, 1)]
    return of.model_copy(update={"resolved": tuple(items)})


async def apply(registries: SubjectRegistries, of: RoleTask) -> None:
    job = await registries.prepare(of, 0)
    assert job is not None
    assert job.done is not None
    await job.done(Served(of, (), {}))


async def registry(registries: SubjectRegistries) -> Registry:
    job: Any = await registries.prepare(task(10**6), 0)
    found: Registry = job.logic.registry
    return found


async def test_an_applied_window_needs_nothing_more(opened: Any) -> None:
    store = Store()
    registries = opened(store)
    await apply(registries, task(1, "rose"))
    assert await registries.prepare(task(1, "rose"), 0) is None
    assert await opened(store.restarted()).prepare(task(1, "rose"), 0) is None
    assert len(store.written) == 1


async def test_it_is_read_once_while_nobody_else_writes_it(
    opened: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[bytes] = []

    def counted(model: Any, value: bytes) -> Any:
        read.append(value)
        return decode(model, value)

    monkeypatch.setattr(relationship_checker, "decode", counted)
    store = Store()
    registries = opened(store)
    for number in range(3):
        await apply(registries, task(number, f"plant {number}"))
    assert read == []
    theirs = RegistrySnapshot(subjects=(Subject(subject_id="1", name="Roses"),))
    store.values = {key: encode(theirs) for key in store.values if "#" not in key}
    assert (await registry(registries)).subjects == theirs.subjects
    assert len(read) == 1


async def test_a_window_writes_one_message_whose_size_has_nothing_to_do_with_the_registry(
    opened: Any,
) -> None:
    store = Store()
    registries = opened(store)
    for number in range(1000):
        await apply(registries, task(number, f"plant {number}", f"tree {number}"))
    sizes = [len(value) for key, value in store.written if "#" in key]
    whole = [len(value) for key, value in store.written if "#" not in key]
    assert len(store.written) == 1000
    assert max(sizes) < 600
    assert max(whole) > 100_000
    early, late = (sum(len(value) for _, value in part) for part in _halves(store.written))
    assert late < 1.5 * early


def _halves(items: list[Any]) -> tuple[list[Any], list[Any]]:
    return items[: len(items) // 2], items[len(items) // 2 :]


async def test_a_process_killed_after_any_write_leaves_the_same_registry(opened: Any) -> None:
    store = Store()
    registries = opened(store)
    wanted = []
    for number in range(150):
        merged = (f"id-plant {number - 1}",) if number % 4 == 3 else ()
        names = [f"plant {number}", f"tree {number} {'of the garden ' * 10}"]
        await apply(registries, task(number, *names, merged=merged))
        wanted.append((await registry(registries)).snapshot())
    assert sum("#" not in key for key, _ in store.written) > 2
    for kept, snapshot in enumerate(wanted, start=1):
        killed = Store()
        killed.written = store.written[:kept]
        assert (await registry(opened(killed.restarted()))).snapshot() == snapshot


async def test_a_write_that_fails_and_a_write_that_only_seems_to_are_done_again(
    opened: Any,
) -> None:
    store = Store()
    registries = opened(store)
    for number in range(120):
        of = task(number, f"plant {number}")
        store.away = True
        with pytest.raises(ConnectionError):
            await apply(registries, of)
        store.away = False
        assert (await registry(registries)).turn == number
        await apply(registries, of)
    after = await registry(registries)
    assert after.turn == 120
    assert (await registry(opened(store.restarted()))).snapshot() == after.snapshot()


async def test_state_of_before_is_read(opened: Any) -> None:
    store = Store()
    whole = RegistrySnapshot(subjects=(subject("rose"),), applied=("window-1",))
    of = task(2, "fern")
    key = f"{of.window.domain}|{of.window.stream_id}"
    store.values[key] = whole.model_dump_json(exclude={"turn"}).encode()
    registries = opened(store)
    assert await registries.prepare(task(1), 0) is None
    await apply(registries, of)
    found = await registry(opened(store.restarted()))
    assert [s.name for s in found.subjects] == ["rose", "fern"]


async def test_after_a_long_silence_it_is_written_whole(opened: Any, clock: ManualClock) -> None:
    store = Store()
    registries = opened(store)
    await apply(registries, task(1, "rose"))
    await apply(registries, task(2, "fern"))
    assert "#" in store.written[-1][0]
    clock.advance(KEEP_S * 0.6)
    await apply(registries, task(3, "oak"))
    key, value = store.written[-1]
    assert "#" not in key
    assert len(decode(RegistrySnapshot, value).subjects) == 3


@pytest.mark.parametrize("key", ["news|port", "news|port#3", "news|7#x|y"])
def test_the_links_of_a_stream_expire_with_its_snapshot(key: str) -> None:
    assert stream_key(key) == key
    assert stream_key(f"12#{key}") == key
