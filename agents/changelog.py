"""State in compacted Kafka topics, read back when a partition is assigned.

Faust's own tables acknowledge before their changelog is safe; here a write returns when it is.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition

from agents.connection import plain_consumer
from agents.outbox import Outbox, Outgoing
from pipeline.config import KafkaSettings

_BATCH_TIMEOUT_MS = 500


class ChangelogStore:
    """Keys and values of the partitions this process works on."""

    def __init__(self, kafka: KafkaSettings, kafka_topic: str, outbox: Outbox) -> None:
        self._kafka = kafka
        self._kafka_topic = kafka_topic
        self._outbox = outbox
        self._values: dict[int, dict[str, bytes]] = {}
        self._locks: dict[int, asyncio.Lock] = {}

    async def ready(self, partition: int) -> None:
        """Read the partition's changelog unless it is in memory."""
        if partition in self._values:
            return
        async with self._locks.setdefault(partition, asyncio.Lock()):
            if partition in self._values:
                return
            values: dict[str, bytes] = {}
            async for key, value in read_to_end(self._kafka, self._kafka_topic, partition):
                if value is None:
                    values.pop(key, None)
                else:
                    values[key] = value
            self._values[partition] = values

    def get(self, partition: int, key: str) -> bytes | None:
        """The value of `key`; the partition must be `ready`."""
        return self._values[partition].get(key)

    async def put(self, partition: int, changes: Mapping[str, bytes | None]) -> None:
        """Write; returns when the changelog has it. None removes a key."""
        await self._outbox.send(
            Outgoing(self._kafka_topic, partition, key, value) for key, value in changes.items()
        )
        values = self._values.get(partition)
        if values is None:
            return
        for key, value in changes.items():
            if value is None:
                values.pop(key, None)
            else:
                values[key] = value

    def forget(self, partitions: Iterable[int]) -> None:
        """Another process may write these from now on: read them again when they come back."""
        for partition in partitions:
            self._values.pop(partition, None)


async def read_to_end(
    kafka: KafkaSettings, kafka_topic: str, partition: int
) -> AsyncIterator[tuple[str, bytes | None]]:
    """Keys and values of a partition in log order, up to the end it has now."""
    place = TopicPartition(kafka.named(kafka_topic), partition)
    consumer: AIOKafkaConsumer = plain_consumer(kafka)
    await consumer.start()
    try:
        consumer.assign([place])
        end = (await consumer.end_offsets([place]))[place]
        await consumer.seek_to_beginning(place)
        while await consumer.position(place) < end:
            batches = await consumer.getmany(place, timeout_ms=_BATCH_TIMEOUT_MS)
            for record in batches.get(place, ()):
                yield (record.key or b"").decode("utf-8", "replace"), record.value
    finally:
        await consumer.stop()
