"""Reads the Kafka topics that the board is made of: the last of what is there, then what comes."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from agents.connection import plain_consumer
from agents.web.live.board import Board
from pipeline.config import KafkaSettings
from schemas.allowances import AllowanceLedger
from schemas.catalogue import (
    ALLOWANCES,
    DEAD_LETTERS,
    POLICY_STATE,
    ROLE_ASSIGNMENTS,
    ROLE_REWARDS,
    WINDOW_OUTCOMES,
    records_kafka_topic,
)
from schemas.codec import DecodeError, decode
from schemas.dead_letter import DeadLetter
from schemas.messages import CategorizedRecord, WindowOutcome
from schemas.rewards import RewardEvent, RoleAssignment

log = logging.getLogger("rolestream.web")

_ALL = 2**62
_LAST = {
    ROLE_ASSIGNMENTS: _ALL,
    ROLE_REWARDS: 5000,
    WINDOW_OUTCOMES: 500,
    DEAD_LETTERS: 50,
    POLICY_STATE: 1,
    ALLOWANCES: 1,
}
_LAST_RECORDS = 100
_BATCH = 1000
_POLL_MS = 300
_RETRY_S = 2.0


class Feed:
    """Tells a board what is on the Kafka topics of a deployment with these domains.

    Of each partition it begins with the last messages that are there. `policy_states` has the
    policy's newest kept state by partition number.
    """

    def __init__(self, kafka: KafkaSettings, domains: Iterable[str], board: Board) -> None:
        self._kafka = kafka
        self._last = _LAST | {records_kafka_topic(name): _LAST_RECORDS for name in domains}
        self._take: dict[str, Callable[[TopicPartition, bytes], None]] = {
            ROLE_ASSIGNMENTS: lambda _, value: board.assigned(decode(RoleAssignment, value)),
            ROLE_REWARDS: lambda _, value: board.reward(decode(RewardEvent, value)),
            WINDOW_OUTCOMES: lambda _, value: board.outcome(decode(WindowOutcome, value)),
            DEAD_LETTERS: lambda _, value: board.dead_letter(decode(DeadLetter, value)),
            POLICY_STATE: self._keep_state,
            ALLOWANCES: lambda _, value: board.allowances(decode(AllowanceLedger, value)),
        } | {
            records_kafka_topic(name): lambda _, value: board.record(
                decode(CategorizedRecord, value)
            )
            for name in domains
        }
        self._task: asyncio.Task[None] | None = None
        self._next: dict[TopicPartition, int] = {}
        self.policy_states: dict[int, bytes] = {}
        self.caught_up = asyncio.Event()

    async def start(self) -> None:
        """Read from now on, in the background; a broker that is away is waited for."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Read no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def read_once(self) -> None:
        """Read what is there and return. Raises KafkaError when the broker fails."""
        consumer = plain_consumer(self._kafka, fetch_max_wait_ms=100)
        try:
            await consumer.start()
            await self._catch_up(consumer)
        finally:
            await consumer.stop()

    async def _run(self) -> None:
        while True:
            consumer = plain_consumer(self._kafka, fetch_max_wait_ms=200)
            try:
                await consumer.start()
                await self._catch_up(consumer)
                while True:
                    await self._poll(consumer)
            except (KafkaError, OSError) as error:
                log.info("the live page waits for the broker: %r", error)
            except Exception:
                log.exception("a fault of Rolestream itself in the live page; reading again")
            finally:
                await consumer.stop()
            await asyncio.sleep(_RETRY_S)

    async def _catch_up(self, consumer: AIOKafkaConsumer) -> None:
        ends = await self._seek(consumer)
        for place, end in ends.items():
            while await consumer.position(place) < end:
                await self._poll(consumer)
        self.caught_up.set()

    async def _seek(self, consumer: AIOKafkaConsumer) -> Mapping[TopicPartition, int]:
        last = {
            TopicPartition(self._kafka.named(name), number): count
            for name, count in self._last.items()
            for number in range(self._kafka.partitions)
        }
        consumer.assign(list(last))
        ends: Mapping[TopicPartition, int] = await consumer.end_offsets(list(last))
        begins = await consumer.beginning_offsets(list(last))
        for place, count in last.items():
            begin = max(begins[place], ends[place] - count)
            consumer.seek(place, self._next.get(place, begin))
        return ends

    async def _poll(self, consumer: AIOKafkaConsumer) -> None:
        batches = await consumer.getmany(timeout_ms=_POLL_MS, max_records=_BATCH)
        prefix = len(self._kafka.kafka_topic_prefix)
        for place, messages in batches.items():
            take = self._take[place.topic[prefix:]]
            for message in messages:
                self._next[place] = message.offset + 1
                if message.value is None:
                    continue
                try:
                    take(place, message.value)
                except DecodeError as error:
                    log.info("the live page left out a message of %s: %s", place.topic, error)
            # A long backlog must not keep the process from its work.
            await asyncio.sleep(0)

    def _keep_state(self, place: TopicPartition, value: bytes) -> None:
        self.policy_states[place.partition] = value
