"""The answer log in memory: finished windows stay, the oldest make room."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import cast

from agents.answers import PartitionAnswers
from agents.calls_under_way import CallsUnderWay
from agents.outbox import Outbox, Outgoing
from pipeline.clock import Clock, ManualClock
from schemas.answers import LoggedAnswer
from schemas.codec import decode
from schemas.rewards import RunKind
from schemas.roles import Role


class RecordingOutbox:
    """Takes messages in place of a broker."""

    def __init__(self) -> None:
        self.sent: list[Outgoing] = []

    async def hold(self) -> None:
        return

    async def send(
        self, messages: Iterable[Outgoing], meanwhile: Callable[[], None] | None = None
    ) -> None:
        if meanwhile is not None:
            meanwhile()
        self.sent += messages


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


def log(outbox: RecordingOutbox, most: int = 2000, clock: Clock = CLOCK) -> PartitionAnswers:
    calls = CallsUnderWay()
    return PartitionAnswers(cast(Outbox, outbox), 3, clock, keep_s=3600.0, calls=calls, most=most)


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


async def test_an_answer_is_written_before_it_is_found() -> None:
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


async def test_what_is_done_meanwhile_is_done_before_the_broker_has_the_answer() -> None:
    outbox = RecordingOutbox()
    answers, seen = log(outbox), answer("w1", "m1")
    found: list[object] = []
    await answers.append(seen, lambda: found.append((answers.find(seen.key), len(outbox.sent))))
    assert found == [(None, 0)]
    assert answers.find(seen.key) == seen
