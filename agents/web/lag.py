"""Asks the broker how many messages wait before each role."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from agents.connection import plain_admin, plain_consumer
from agents.stalls import Standing
from pipeline.config import KafkaSettings
from schemas.catalogue import ROLE_REWARDS, raw_kafka_topic, role_kafka_topic
from schemas.roles import Role

POLICY = "policy"
_TIMEOUT_S = 4.0

Lags = dict[str, dict[TopicPartition, Standing]]
"""What waits and what is committed, by role and partition."""


def inputs_of_roles(kafka: KafkaSettings, domains: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """The Kafka topics each role reads, the policy's included, by the role's name."""
    named = kafka.named
    found = {Role.CHUNK_SPLITTER.value: tuple(named(raw_kafka_topic(name)) for name in domains)}
    for role in Role:
        if role is not Role.CHUNK_SPLITTER:
            found[role.value] = (named(role_kafka_topic(role)),)
    return found | {POLICY: (named(ROLE_REWARDS),)}


class LagReader:
    """Reads the lag of roles; `inputs` are their Kafka topics, as `inputs_of_roles` has them."""

    def __init__(self, kafka: KafkaSettings, inputs: Mapping[str, tuple[str, ...]]) -> None:
        self._kafka = kafka
        self._inputs = inputs
        self._consumer: AIOKafkaConsumer | None = None
        self._admin: AIOKafkaAdminClient | None = None
        self._starts: dict[TopicPartition, int] = {}

    async def read(self) -> Lags:
        """The lag now. Raises KafkaError or TimeoutError when the broker does not answer."""
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                consumer, admin = await self._connected()
                return {
                    role: await self._lag(consumer, admin, role, topics)
                    for role, topics in self._inputs.items()
                }
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Disconnect; the next `read` connects again."""
        if self._consumer is not None:
            with suppress(Exception):
                await self._consumer.stop()
        if self._admin is not None:
            with suppress(Exception):
                await self._admin.close()
        self._consumer = self._admin = None

    async def _connected(self) -> tuple[AIOKafkaConsumer, AIOKafkaAdminClient]:
        if self._consumer is None:
            self._consumer = plain_consumer(self._kafka)
            await self._consumer.start()
        if self._admin is None:
            self._admin = plain_admin(self._kafka)
            await self._admin.start()
        return self._consumer, self._admin

    async def _lag(
        self,
        consumer: AIOKafkaConsumer,
        admin: AIOKafkaAdminClient,
        role: str,
        kafka_topics: tuple[str, ...],
    ) -> dict[TopicPartition, Standing]:
        places = [
            TopicPartition(name, number)
            for name in kafka_topics
            for number in range(self._kafka.partitions)
        ]
        ends = await consumer.end_offsets(places)
        group = f"{self._kafka.group_prefix}-{role.replace('_', '-')}"
        committed = await admin.list_consumer_group_offsets(group, partitions=places)
        begun = {place: found.offset for place, found in committed.items() if found.offset >= 0}
        unknown = [place for place in places if place not in begun and place not in self._starts]
        if unknown:
            self._starts |= await consumer.beginning_offsets(unknown)
        found = {}
        for place in places:
            position = begun.get(place, self._starts.get(place, 0))
            found[place] = Standing(max(ends[place] - position, 0), position)
        return found


def waiting(lags: Lags) -> dict[str, int]:
    """Messages that wait before each role, over all partitions."""
    return {
        role: sum(standing.waiting for standing in places.values()) for role, places in lags.items()
    }
