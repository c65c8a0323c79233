"""State in compacted Kafka topics, read back when a partition is assigned.

Faust's own tables acknowledge before their changelog is safe; here a write returns when it is.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition

from agents.connection import plain_consumer
from agents.outbox import Outbox, Outgoing
from pipeline.clock import Clock
from pipeline.config import KafkaSettings
from pipeline.errors import RetryableError

_BATCH_TIMEOUT_MS = 500


class PartitionGoneError(RetryableError):
    """The partition was taken away while its state was read: what was read may be out of date."""


def by_itself(key: str) -> str:
    """Every key expires by itself."""
    return key


class ChangelogStore:
    """Keys and values of the partitions this process works on.

    Keys of one `group` expire together, by what was written last of them.
    """

    def __init__(
        self,
        kafka: KafkaSettings,
        kafka_topic: str,
        outbox: Outbox,
        clock: Clock,
        group: Callable[[str], str] = by_itself,
    ) -> None:
        self.kafka_topic = kafka_topic
        self._group = group
        self._kafka = kafka
        self._outbox = outbox
        self._clock = clock
        self._written_s: dict[tuple[int, str], float] = {}
        self._expiring: dict[tuple[int, str], asyncio.Event] = {}
        self._values: dict[int, dict[str, bytes]] = {}
        self._locks: dict[int, asyncio.Lock] = {}
        self._terms: Counter[int] = Counter()

    async def ready(self, partition: int) -> None:
        """Read the partition's changelog unless it is in memory.

        Raises PartitionGoneError if the partition is taken away meanwhile, even if it came back:
        the message that asked for it is another worker's, or is read again.
        """
        if partition in self._values:
            return
        term = self._terms[partition]
        async with self._locks.setdefault(partition, asyncio.Lock()):
            if term == self._terms[partition] and partition in self._values:
                return
            values: dict[str, bytes] = {}
            written_s: dict[tuple[int, str], float] = {}
            async for entry in read_to_end(self._kafka, self.kafka_topic, partition):
                if entry.value is None:
                    values.pop(entry.key, None)
                    written_s.pop((partition, entry.key), None)
                else:
                    values[entry.key] = entry.value
                    written_s[partition, entry.key] = entry.written_s
            if term != self._terms[partition]:
                raise PartitionGoneError(f"partition {partition} was taken away")
            self._written_s |= written_s
            self._values[partition] = values

    def get(self, partition: int, key: str) -> bytes | None:
        """The value of `key`; the partition must be `ready`."""
        return self._values[partition].get(key)

    async def put(self, partition: int, changes: Mapping[str, bytes | None]) -> None:
        """Write; returns when the changelog has it. None removes a key."""
        for key in changes:
            # A tombstone that is under way must not land behind this value.
            while (tombstone := self._expiring.get((partition, key))) is not None:
                await tombstone.wait()
        now_s = self._clock.now().timestamp()
        self._written_s |= {(partition, key): now_s for key in changes}
        await self._write(partition, changes)

    async def expire(self, before_s: float) -> int:
        """Remove what was last written before `before_s`, epoch time; returns how many keys."""
        fresh = {
            (partition, self._group(key))
            for (partition, key), written_s in self._written_s.items()
            if written_s >= before_s
        }
        stale = [
            (partition, key)
            for partition, values in self._values.items()
            for key in values
            if (partition, self._group(key)) not in fresh
        ]
        for partition in {partition for partition, _ in stale}:
            keys = [key for number, key in stale if number == partition]
            done = asyncio.Event()
            self._expiring |= {(partition, key): done for key in keys}
            try:
                await self._write(partition, dict.fromkeys(keys))
            finally:
                for key in keys:
                    del self._expiring[partition, key]
                done.set()
        return len(stale)

    def __len__(self) -> int:
        return sum(map(len, self._values.values()))

    async def _write(self, partition: int, changes: Mapping[str, bytes | None]) -> None:
        await self._outbox.send(
            Outgoing(self.kafka_topic, partition, key, value) for key, value in changes.items()
        )
        values = self._values.get(partition)
        if values is None:
            for key in changes:
                self._written_s.pop((partition, key), None)
            return
        for key, value in changes.items():
            if value is None:
                values.pop(key, None)
                self._written_s.pop((partition, key), None)
            else:
                values[key] = value

    def forget(self, partitions: Iterable[int]) -> None:
        """Another process may write these from now on: read them again when they come back."""
        for partition in partitions:
            self._terms[partition] += 1
            for key in self._values.pop(partition, {}):
                self._written_s.pop((partition, key), None)


class Entry(NamedTuple):
    """What a changelog has for a key, and when it was written, epoch time."""

    key: str
    value: bytes | None
    written_s: float


async def read_to_end(
    kafka: KafkaSettings, kafka_topic: str, partition: int
) -> AsyncIterator[Entry]:
    """The entries of a partition in log order, up to the end it has now."""
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
                key = (record.key or b"").decode("utf-8", "replace")
                yield Entry(key, record.value, record.timestamp / 1000)
    finally:
        await consumer.stop()
