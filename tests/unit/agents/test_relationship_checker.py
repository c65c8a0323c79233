"""A stream's registry is read once, and again when its state is another."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from agents import relationship_checker
from agents.relationship_checker import SubjectRegistries
from pipeline.clock import ManualClock
from pipeline.config import WorkerSettings
from pipeline.decisions.serve import Served
from pipeline.olp.subjects import Registry
from schemas.codec import decode, encode
from schemas.messages import Subject
from schemas.roles import Role
from tests.role_tasks import role_task, window

AT = datetime(2026, 1, 1, tzinfo=UTC)


class Store:
    """A changelog in memory."""

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}

    async def ready(self, partition: int) -> None:
        return None

    def get(self, partition: int, key: str) -> bytes | None:
        return self.values.get(key)

    async def put(self, partition: int, changes: dict[str, bytes]) -> None:
        self.values |= changes

    def forget(self, partitions: object) -> None:
        self.values.clear()


async def test_a_registry_is_read_once_while_nobody_else_writes_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read: list[bytes] = []

    def counted(model: Any, value: bytes) -> Any:
        read.append(value)
        return decode(model, value)

    store = Store()
    monkeypatch.setattr(relationship_checker, "decode", counted)
    monkeypatch.setattr(relationship_checker, "ChangelogStore", lambda *_: store)
    monkeypatch.setattr(relationship_checker, "let_expire", lambda *_: None)
    role_app: Any = SimpleNamespace(
        clock=ManualClock(AT), kafka=None, outbox=None, follow_partitions=lambda forget: None
    )
    registries = SubjectRegistries(role_app, WorkerSettings(), 3600.0)
    task = role_task(Role.RELATIONSHIP_CHECKER, window(["Roses need water."]))
    job = await registries.prepare(task, 0)
    assert job is not None
    assert job.done is not None
    await job.done(Served(task, (), {}))
    again = task.model_copy(
        update={"window": task.window.model_copy(update={"window_id": "another"})}
    )
    assert await registries.prepare(task, 0) is None
    assert await registries.prepare(again, 0) is not None
    assert read == []
    [key] = store.values
    subject = Subject(subject_id="1", name="Roses")
    store.values[key] = encode(Registry(subjects=(subject,), spoken_of={"1": AT}))
    other: Any = await registries.prepare(again, 0)
    assert other.logic.registry.subjects == (subject,)
    assert len(read) == 1
