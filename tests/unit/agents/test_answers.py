"""The answer log in memory: finished windows stay, the oldest make room."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import cast

import pytest

from agents.answers import PartitionAnswers, TaskAnswers
from agents.calls_under_way import CallsUnderWay
from agents.outbox import BrokerAwayError, Outbox, Outgoing
from pipeline.clock import Clock, ManualClock
from schemas.answers import LoggedAnswer
from schemas.codec import decode
from schemas.rewards import RunKind
from schemas.roles import Role


class RecordingOutbox:
    """Takes messages in place of a broker."""

    def __init__(self) -> None:
        self.sent: list[Outgoing] = []
        self.sendings: list[RecordedSending] = []

    async def hold(self) -> None:
        return

    async def begin(self, messages: Iterable[Outgoing]) -> "RecordedSending":
        self.sent += messages
        self.sendings.append(RecordedSending())
        return self.sendings[-1]


class RecordedSending:
    """The broker's word comes when `says` is called."""

    def __init__(self) -> None:
        self.failed = False
        self._said = asyncio.Event()

    def says(self, *, refused: bool) -> None:
        self.failed = refused
        self._said.set()

    async def taken(self) -> None:
        await self._said.wait()
        if self.failed:
            raise BrokerAwayError("refused")


def answer(window_id: str, model: str, role: Role = Role.TOPIC_FINDER) -> LoggedAnswer:
    return LoggedAnswer(
        window_id=window_id,
        domain="news",
        stream_id="a|b",
        role=role,
        model=model,
        prompt_version="p1",
        input_digest="d1",
        decision_id="x",
        kind=RunKind.INCUMBENT,
        propensity=1.0,
        policy="fixed",
        assignment_version=1,
        text="{}",
        input_tokens=1,
        cached_tokens=0,
        output_tokens=1,
        tokens_counted_by="usage",
        latency_s=0.1,
        cost_usd=0.1,
        at=datetime(2026, 1, 1, tzinfo=UTC),
    )


CLOCK = ManualClock()


def partition_log(
    outbox: RecordingOutbox, most: int = 2000, clock: Clock = CLOCK
) -> PartitionAnswers:
    calls = CallsUnderWay()
    return PartitionAnswers(cast(Outbox, outbox), 3, clock, keep_s=3600.0, calls=calls, most=most)


def log(outbox: RecordingOutbox, most: int = 2000, clock: Clock = CLOCK) -> TaskAnswers:
    return TaskAnswers(partition_log(outbox, most, clock))


async def test_answers_are_forgotten_when_kafka_forgets_them() -> None:
    clock = ManualClock()
    answers = log(RecordingOutbox(), clock=clock)
    old, late, new = answer("w1", "m1"), answer("w2", "m1"), answer("w3", "m1")
    await answers.append(old)
    clock.advance(3000.0)
    await answers.append(late)
    clock.advance(1000.0)
    assert answers.find(old.key) is not None
    await answers.append(new)
    assert answers.find(old.key) is None
    assert None not in (answers.find(late.key), answers.find(new.key))


async def test_an_answer_that_is_found_is_on_its_way() -> None:
    outbox = RecordingOutbox()
    answers = log(outbox)
    logged = answer("w1", "m1")
    assert answers.find(logged.key) is None
    await answers.append(logged)
    (message,) = outbox.sent
    assert (message.kafka_topic, message.partition, message.key) == ("answers", 3, logged.key)
    assert decode(LoggedAnswer, message.value) == answers.find(logged.key) == logged


async def test_models_are_told_by_window_and_role_in_log_order() -> None:
    answers = log(RecordingOutbox())
    for item in (answer("w1", "m2"), answer("w1", "m1"), answer("w2", "m3")):
        await answers.append(item)
    await answers.append(answer("w1", "m4", Role.TOPIC_LOCATOR))
    assert answers.models("w1", Role.TOPIC_FINDER) == ("m2", "m1")
    assert answers.models("w3", Role.TOPIC_FINDER) == ()


async def test_the_oldest_window_makes_room() -> None:
    answers = log(RecordingOutbox(), most=2)
    for window_id in ("w1", "w2", "w3"):
        await answers.append(answer(window_id, "m1"))
    assert answers.find(answer("w1", "m1").key) is None
    assert answers.find(answer("w2", "m1").key) is not None
    assert answers.find(answer("w3", "m1").key) is not None


async def test_it_is_settled_when_the_broker_has_all_that_was_appended() -> None:
    outbox = RecordingOutbox()
    answers = log(outbox)
    for model in ("m1", "m2"):
        await answers.append(answer("w1", model))
    settling = asyncio.create_task(answers.settled())
    outbox.sendings[1].says(refused=False)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not settling.done()
    outbox.sendings[0].says(refused=False)
    await asyncio.wait_for(settling, 1.0)


async def test_who_finds_an_answer_that_is_on_its_way_waits_for_it_too() -> None:
    outbox = RecordingOutbox()
    shared = partition_log(outbox)
    first, second, third = (TaskAnswers(shared) for _ in range(3))
    await first.append(answer("w1", "m1"))
    assert second.find(answer("w1", "m1").key) is not None
    settling = asyncio.create_task(second.settled())
    await asyncio.sleep(0)
    assert not settling.done()
    outbox.sendings[0].says(refused=False)
    await asyncio.wait_for(settling, 1.0)
    assert third.find(answer("w1", "m1").key) is not None
    await asyncio.wait_for(third.settled(), 1.0)


async def test_an_answer_that_the_broker_refused_is_kept_and_sent_again_when_it_is_used() -> None:
    outbox = RecordingOutbox()
    shared = partition_log(outbox)
    first, again, unused = (TaskAnswers(shared) for _ in range(3))
    await first.append(answer("w1", "m1"))
    settling = asyncio.create_task(first.settled())
    await asyncio.sleep(0)
    outbox.sendings[0].says(refused=True)
    with pytest.raises(BrokerAwayError):
        await asyncio.wait_for(settling, 1.0)
    assert again.find(answer("w1", "m1").key) == answer("w1", "m1")
    settling = asyncio.create_task(again.settled())
    await asyncio.sleep(0)
    assert [message.key for message in outbox.sent] == [answer("w1", "m1").key] * 2
    outbox.sendings[1].says(refused=False)
    await asyncio.wait_for(settling, 1.0)
    await asyncio.wait_for(unused.settled(), 1.0)
