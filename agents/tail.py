"""Follows a small Kafka topic on all its partitions, outside any consumer group.

Every worker hears every role assignment and every piece of feedback.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from agents.connection import plain_consumer
from pipeline.config import KafkaSettings

log = logging.getLogger("rolestream.tail")

_POLL_MS = 200
_RETRY_S = 1.0


class Tail:
    """Calls `heard(key, value)` for every message; `value` is None for a tombstone.

    With `from_start` all that is there is heard before `start` returns, else only what is new.
    `room` is waited for before each message, so that who hears is not told more than it can take.
    """

    def __init__(
        self,
        kafka: KafkaSettings,
        kafka_topic: str,
        heard: Callable[[str, bytes | None], None],
        from_start: bool,
        room: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._room = room
        self._kafka = kafka
        self._kafka_topic = kafka_topic
        self._heard = heard
        self._from_start = from_start
        self._consumer: AIOKafkaConsumer | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Connect and, with `from_start`, catch up."""
        consumer = plain_consumer(self._kafka, fetch_max_wait_ms=100)
        await consumer.start()
        self._consumer = consumer
        places = [
            TopicPartition(self._kafka.named(self._kafka_topic), partition)
            for partition in range(self._kafka.partitions)
        ]
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        if self._from_start:
            await consumer.seek_to_beginning(*places)
        else:
            for place in places:
                consumer.seek(place, ends[place])
        for place in places:
            while await consumer.position(place) < ends[place]:
                await self._poll(consumer)
        self._task = asyncio.create_task(self._follow(consumer))

    async def stop(self) -> None:
        """Stop listening."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._consumer is not None:
            await self._consumer.stop()

    async def _follow(self, consumer: AIOKafkaConsumer) -> None:
        while True:
            try:
                await self._poll(consumer)
            except KafkaError as error:
                log.warning("cannot follow %s, trying again: %r", self._kafka_topic, error)
                await asyncio.sleep(_RETRY_S)

    async def _poll(self, consumer: AIOKafkaConsumer) -> None:
        for records in (await consumer.getmany(timeout_ms=_POLL_MS)).values():
            for record in records:
                if self._room is not None:
                    await self._room()
                self._heard((record.key or b"").decode("utf-8", "replace"), record.value)
