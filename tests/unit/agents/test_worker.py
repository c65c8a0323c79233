"""How a worker's roles are joined: each hears of the tasks that the one before sends it."""

from collections.abc import Callable
from typing import Any

import pytest

from agents import worker
from agents.chunk_splitter import ChunkSplitter
from agents.head_start import HeadStart, Sent
from agents.model_role import ModelRole
from pipeline.clock import ManualClock
from pipeline.config import Config
from schemas.role_task import RoleTask
from schemas.roles import MODEL_ROLES, Role
from tests.role_tasks import role_task, window

CONFIG = {
    "kafka": {"bootstrap_servers": "nowhere:1"},
    "models": [
        {
            "name": "m",
            "base_url": "http://nowhere.invalid/v1",
            "usd_per_million_input": 1.0,
            "usd_per_million_output": 1.0,
        }
    ],
    "web": {"enabled": False},
}


class Joined:
    """Notes to whom each role tells of what it sends, and which head start then hears of it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **settings: object) -> None:
        self.tells: dict[Role, Sent] = {}
        self.heard: list[HeadStart[Any]] = []
        self.head_starts: dict[Role, HeadStart[Any]] = {}
        monkeypatch.setattr(HeadStart, "sent", self._hears())
        monkeypatch.setattr(worker, "ChunkSplitter", self._splitter)
        monkeypatch.setattr(worker, "ModelRole", self._model_role)
        config = Config.model_validate({**CONFIG, "worker": settings})
        worker.build(config, [role.slug for role in Role], ManualClock())

    def _hears(self) -> Callable[[HeadStart[Any], RoleTask, int, bytes], None]:
        heard = self.heard
        return lambda head_start, task, partition, value: heard.append(head_start)

    def _splitter(self, *parts: Any) -> ChunkSplitter:
        self.tells[Role.CHUNK_SPLITTER] = parts[-1]
        return ChunkSplitter(*parts)

    def _model_role(self, *parts: Any) -> ModelRole:
        made = ModelRole(*parts)
        self.tells[parts[0]] = parts[-1]
        self.head_starts[parts[0]] = made.head_start
        return made

    def tell(self, sender: Role, receiver: Role) -> None:
        """`sender` has sent a task to `receiver`."""
        self.tells[sender](role_task(receiver, window(["The rose."])), 0, b"{}")


async def test_each_role_has_a_head_start_with_what_the_one_before_sends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    joined = Joined(monkeypatch)
    senders = (Role.CHUNK_SPLITTER, *MODEL_ROLES)
    for sender, receiver in zip(senders, MODEL_ROLES, strict=False):
        joined.tell(sender, receiver)
    joined.tell(MODEL_ROLES[-1], Role.FORMAT_CHECKER)
    assert joined.heard == [joined.head_starts[role] for role in MODEL_ROLES]


async def test_none_has_where_it_is_turned_off(monkeypatch: pytest.MonkeyPatch) -> None:
    joined = Joined(monkeypatch, head_start=False)
    joined.tell(Role.CHUNK_SPLITTER, Role.TOPIC_FINDER)
    assert joined.heard == []
