"""Agents over messages in memory: all but the broker, which acknowledges at the next look."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP

from agents import changelog
from agents.answers import KafkaAnswers
from agents.changelog import Entry
from agents.chunk_splitter import ChunkSplitter
from agents.delivery import Delivery
from agents.intake import Intake
from agents.model_role import ModelRole
from agents.outbox import Outbox
from agents.room import Room
from agents.stateless_roles import stateless
from deploy.bench.right_answers import right_answer
from deploy.bench.windows import DOMAIN
from pipeline.clock import SystemClock
from pipeline.config import KafkaSettings, ModelSettings, SplitterSettings
from pipeline.decisions.run import Runner
from pipeline.decisions.serve import RoleServer
from pipeline.domains import load_domains
from pipeline.models.completion import Completion
from pipeline.models.pool import ModelPool
from pipeline.prompt_format import parse_user
from pipeline.rolerl.reward import reward_preset
from schemas.roles import Role
from tests.benchmarks.counted import calls_of_async


class Acknowledging:
    """A producer whose messages are on the broker when it is looked at."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.sent: list[str] = []
        self._waiting: list[Callable[[object, object], None]] = []

    def produce(
        self, kafka_topic: str, value: object, key: bytes, partition: int, **more: Any
    ) -> None:
        self.sent.append(kafka_topic)
        self._waiting.append(more["on_delivery"])

    def poll(self, timeout_s: float) -> None:
        told, self._waiting = self._waiting, []
        for tell in told:
            tell(None, None)

    def purge(self) -> None:
        self._waiting.clear()


class RightAnswers:
    """An endpoint that answers at once; each answer is thought of once."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    async def complete(self, messages: Any, json_schema: Any, most_tokens: int) -> Completion:
        user = messages[1][1]
        if user not in self._known:
            self._known[user] = right_answer(parse_user(user))
        return Completion(self._known[user], 1000, 0, 100, "usage", 0.2, None, 0.001)

    async def reach(self) -> None:
        return None

    async def close(self) -> None:
        return None


class Played:
    """One agent; `play` hands it messages and counts what it takes to have them acknowledged."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(changelog, "read_to_end", _nothing)
        monkeypatch.setattr("agents.answers.read_to_end", _nothing)
        self.clock = SystemClock()
        self.kafka = KafkaSettings(bootstrap_servers="nowhere:1")
        self.client = Acknowledging({})
        self.outbox = Outbox(self.kafka, lambda settings: self.client)  # type: ignore[arg-type,return-value]
        self.delivery = Delivery("role", self.outbox, self.clock, Room(10_000, 10**9))
        self.app = SimpleNamespace(task=lambda work: None, should_stop=False)
        self._intake = Intake(10**6, 10**9)
        self._work: asyncio.Task[None] | None = None
        self._body: Any = None
        self._due = 0
        self._done = asyncio.Event()
        self._offset = 0

    def raw_agent(self, kafka_topics: Iterable[str], body: Any) -> None:
        self._body = body

    def agent(self, kafka_topics: Iterable[str], handle: Any) -> None:
        self._body = lambda stream: self.delivery.consume(stream, handle)

    def follow_partitions(self, *follow: Any) -> None:
        return None

    def done(self, tp: TP, offsets: Sequence[int]) -> None:
        self._due -= len(offsets)
        if not self._due:
            self._done.set()

    async def play(self, kafka_topic: str, messages: list[tuple[bytes, bytes]]) -> int:
        """Calls of functions until all messages are acknowledged."""
        if self._work is None:
            self._work = asyncio.create_task(self._body(self._intake))
        records: list[Any] = []
        for key, value in messages:
            self._offset += 1
            record = SimpleNamespace(offset=self._offset, key=key, value=value, headers=())
            records.append(record)
        self._due += len(records)
        self._done.clear()

        async def work() -> None:
            self._intake.put(self, TP(kafka_topic, 0), records)
            await asyncio.wait_for(self._done.wait(), 60.0)

        return await calls_of_async(work)

    async def stop(self) -> None:
        if self._work is not None:
            self._work.cancel()
            await asyncio.gather(self._work, return_exceptions=True)
        self.outbox.stop()


def splitter(monkeypatch: pytest.MonkeyPatch) -> Played:
    """The chunk splitter over the shipped domain of the benches."""
    played: Any = Played(monkeypatch)
    domains = {DOMAIN: load_domains(())[DOMAIN]}
    ChunkSplitter(played, domains, SplitterSettings(), lambda: None, keep_s=3600.0)
    return played  # type: ignore[no-any-return]


def topic_finder(monkeypatch: pytest.MonkeyPatch) -> Played:
    """The topic finder with one arm, which is right at once."""
    played: Any = Played(monkeypatch)
    domains = load_domains(())
    settings = ModelSettings(
        name="m",
        base_url="http://127.0.0.1:9/v1",
        usd_per_million_input=1.0,
        usd_per_million_output=1.0,
    )
    pool = ModelPool([(settings, RightAnswers())], played.clock)
    reward = reward_preset("paper", value_usd=1.0)
    server = RoleServer(pool, Runner(pool, played.clock), domains, reward, 3, None, 600.0)
    ModelRole(
        Role.TOPIC_FINDER,
        played,
        server,
        SimpleNamespace(get=lambda domain, role: None),  # type: ignore[arg-type]
        frozenset(domains),
        stateless(Role.TOPIC_FINDER),
        lambda *served: None,
        KafkaAnswers(played, Role.TOPIC_FINDER, 3600.0),
    )
    return played  # type: ignore[no-any-return]


async def _nothing(*_: Any) -> AsyncIterator[Entry]:
    for entry in ():
        yield entry
