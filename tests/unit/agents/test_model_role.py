"""A role that serves ahead of its task asks once, and sends nothing before the task is back."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from agents.delivery import BadMessageError, Incoming
from agents.model_role import Job, ModelRole
from agents.outbox import Outgoing
from pipeline.clock import ManualClock
from pipeline.decisions.answer_log import MemoryAnswerLog
from pipeline.decisions.run import Runner
from pipeline.decisions.serve import RoleServer
from pipeline.olp.topic_finder import TopicFinder
from pipeline.rolerl.reward import reward_preset
from schemas.codec import encode
from schemas.dead_letter import Source
from schemas.role_task import RoleTask
from schemas.roles import Role
from tests.in_memory_models import InMemoryEndpoint, pool_of
from tests.role_tasks import GARDEN, role_task, window

GOOD = '{"subjects": [{"name": "rose", "aliases": [], "attributes": {}}]}'
FIRST = role_task(Role.TOPIC_FINDER, window(["Here stands the rose."]))
SECOND = FIRST.model_copy(
    update={"window": FIRST.window.model_copy(update={"window_id": "the-second"})}
)


class SlowLog(MemoryAnswerLog):
    """Its answers are durable while `durable` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.durable = asyncio.Event()
        self.durable.set()

    async def settled(self) -> None:
        await self.durable.wait()


class Playing:
    """A topic finder on partition 3 whose messages come by hand."""

    def __init__(self, *replies: str) -> None:
        self.basis = 0
        self.sent: list[Outgoing] = []
        self.on_their_way: list[str] = []
        clock = ManualClock()
        self.endpoint = InMemoryEndpoint(clock, *(replies or (GOOD,)))
        pool = pool_of({"m": self.endpoint})
        server = RoleServer(
            pool,
            Runner(pool, clock),
            {GARDEN.name: GARDEN},
            reward_preset("paper", value_usd=1.0),
            3,
        )
        self.log = SlowLog()

        async def log_for(partition: int) -> SlowLog:
            return self.log

        async def send(messages: list[Outgoing]) -> None:
            self.sent += messages

        app: Any = SimpleNamespace(
            agent=lambda kafka_topics, handle: None,
            follow_partitions=lambda *follow: None,
            is_idle=lambda kafka_topic, partition: True,
            outbox=SimpleNamespace(send=send),
            kafka=SimpleNamespace(partitions=8),
        )
        self.role = ModelRole(
            Role.TOPIC_FINDER,
            app,
            server,
            SimpleNamespace(get=lambda domain, role: None),  # type: ignore[arg-type]
            frozenset([GARDEN.name]),
            self._prepare,
            lambda *served: None,
            SimpleNamespace(log_for=log_for, forget=None, keep=None),  # type: ignore[arg-type]
            lambda task, partition, value: self.on_their_way.append(task.role.value),
        )

    async def _prepare(self, task: RoleTask, partition: int) -> Job:
        return Job(task, TopicFinder(), basis=self.basis)

    async def begin(self, task: RoleTask) -> None:
        self.role.head_start.sent(task, 3, encode(task))
        for _ in range(9):
            await asyncio.sleep(0)

    async def come(self, task: RoleTask) -> None:
        source = Source(kafka_topic="t", partition=3, offset=0)
        await self.role._handle(Incoming(source, b"s", encode(task)))


async def test_served_ahead_it_is_asked_once_and_sends_when_the_task_is_back() -> None:
    playing = Playing()
    await playing.begin(FIRST)
    assert len(playing.endpoint.chats) == 0
    await playing.come(FIRST)
    sent = len(playing.sent)
    await playing.begin(SECOND)
    assert len(playing.endpoint.chats) == 2
    assert len(playing.sent) == sent
    await playing.come(SECOND)
    assert len(playing.endpoint.chats) == 2
    assert [m.kafka_topic for m in playing.sent[sent:]] == [
        "role-topic-locator",
        "role-rewards",
    ]
    assert playing.on_their_way == ["topic_locator", "topic_locator"]


async def test_what_rests_on_another_state_is_served_anew() -> None:
    playing = Playing()
    await playing.begin(FIRST)
    await playing.come(FIRST)
    await playing.begin(SECOND)
    ahead = next(iter(playing.role.head_start._begun.values()))
    playing.basis = 1
    await playing.come(SECOND)
    assert ahead.made.result() is not None
    # The prompt is the same here, so the answer is in the log.
    assert len(playing.endpoint.chats) == 2
    assert len(playing.sent) == 4


async def until_the_log_is_waited_for(
    playing: Playing, ahead: bool
) -> tuple[int, asyncio.Task[None]]:
    """Lets a second task come while the log does not get on: how much was sent before, and it."""
    await playing.come(FIRST)
    sent = len(playing.sent)
    playing.log.durable.clear()
    if ahead:
        await playing.begin(SECOND)
    coming = asyncio.create_task(playing.come(SECOND))
    for _ in range(19):
        await asyncio.sleep(0)
    return sent, coming


@pytest.mark.parametrize("ahead", [True, False])
async def test_the_next_role_hears_of_a_task_before_the_log_has_its_answers(ahead: bool) -> None:
    playing = Playing()
    sent, coming = await until_the_log_is_waited_for(playing, ahead)
    assert playing.on_their_way == ["topic_locator", "topic_locator"]
    assert len(playing.sent) == sent
    playing.log.durable.set()
    await asyncio.wait_for(coming, 1.0)
    assert len(playing.sent) == sent + 2


@pytest.mark.parametrize("ahead", [True, False])
async def test_what_a_failed_decision_cost_is_told_when_the_log_has_its_answers(
    ahead: bool,
) -> None:
    playing = Playing(GOOD, "no idea")
    sent, coming = await until_the_log_is_waited_for(playing, ahead)
    assert len(playing.endpoint.chats) == 3
    assert len(playing.sent) == sent
    playing.log.durable.set()
    with pytest.raises(BadMessageError, match="no arm gave an acceptable answer"):
        await asyncio.wait_for(coming, 1.0)
    assert [m.kafka_topic for m in playing.sent[sent:]] == ["role-rewards"]
