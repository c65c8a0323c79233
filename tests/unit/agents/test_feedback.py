"""Feedback is sent on before more of it is taken, however many decisions it concerns."""

import asyncio
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from agents import feedback
from agents.feedback import FeedbackListener
from agents.outbox import BrokerAwayError, Outgoing
from agents.recent_decisions import RecentDecisions
from agents.role_app import RoleApp
from pipeline.config import KafkaSettings
from schemas.codec import decode
from schemas.rewards import RewardEvent

GOLDEN = Path(__file__).parents[2] / "contract" / "golden"
SAID = (GOLDEN / "Feedback.json").read_bytes()
EVENT = decode(RewardEvent, (GOLDEN / "RewardEvent.json").read_bytes())


class Outbox:
    """Takes messages when it is open; `away` says how often it refuses first."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.away = 0
        self.sent: list[Outgoing] = []

    async def send(self, messages: Iterable[Outgoing]) -> None:
        await self.open.wait()
        if self.away:
            self.away -= 1
            raise BrokerAwayError("away")
        self.sent += messages


@pytest.fixture
def outbox() -> Outbox:
    return Outbox()


@pytest.fixture
def listener(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> FeedbackListener:
    def of_all(*_: Any) -> list[RewardEvent]:
        return [EVENT, EVENT]

    monkeypatch.setattr(feedback, "late_events", of_all)
    monkeypatch.setattr(feedback, "_RETRY_S", 0.0)
    role_app = SimpleNamespace(kafka=KafkaSettings(bootstrap_servers="nowhere:1"), outbox=outbox)
    return FeedbackListener(cast(RoleApp, role_app), RecentDecisions())


async def test_there_is_room_when_all_is_with_the_broker(
    listener: FeedbackListener, outbox: Outbox
) -> None:
    await listener.room()
    listener._heard("stream", SAID)
    waiting = asyncio.create_task(listener.room())
    for _ in range(3):
        await asyncio.sleep(0)
    assert not waiting.done()
    outbox.open.set()
    await asyncio.wait_for(waiting, 1.0)
    assert len(outbox.sent) == 2


async def test_a_broker_that_is_away_loses_no_feedback(
    listener: FeedbackListener, outbox: Outbox
) -> None:
    outbox.open.set()
    outbox.away = 2
    listener._heard("stream", SAID)
    await asyncio.wait_for(listener.room(), 1.0)
    assert len(outbox.sent) == 2
