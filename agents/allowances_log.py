"""Reads the last ledgers on `allowances`, and follows them; they are all in one partition."""

import asyncio
import logging
from collections.abc import Callable

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from agents.connection import plain_consumer
from pipeline.config import KafkaSettings
from schemas.allowances import AllowanceLedger
from schemas.catalogue import ALLOWANCES
from schemas.codec import DecodeError, decode

log = logging.getLogger("rolestream.allowances")

PARTITION = 0
"""Where all requests and ledgers are, however many partitions there are."""
LEDGER_KEY = "ledger"
_LAST = 64
_POLL_MS = 200
_RETRY_S = 1.0


async def last_ledgers(kafka: KafkaSettings) -> list[AllowanceLedger]:
    """The last ledgers that were written, oldest first."""
    consumer, place, end = await _at_the_last(kafka)
    found: list[AllowanceLedger] = []
    try:
        while await consumer.position(place) < end:
            batches = await consumer.getmany(place, timeout_ms=_POLL_MS)
            read = (_read(record.value) for record in batches.get(place, ()))
            found += [ledger for ledger in read if ledger is not None]
    finally:
        await consumer.stop()
    return found


class LedgerTail:
    """Calls `heard` for every ledger, beginning with the last ones there are."""

    def __init__(self, kafka: KafkaSettings, heard: Callable[[AllowanceLedger], None]) -> None:
        self._kafka = kafka
        self._heard = heard
        self._consumer: AIOKafkaConsumer | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Connect and hear what there is."""
        consumer, place, end = await _at_the_last(self._kafka)
        self._consumer = consumer
        while await consumer.position(place) < end:
            await self._poll(consumer, place)
        self._task = asyncio.create_task(self._follow(consumer, place))

    async def stop(self) -> None:
        """Stop following."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._consumer is not None:
            await self._consumer.stop()

    async def _follow(self, consumer: AIOKafkaConsumer, place: TopicPartition) -> None:
        while True:
            try:
                await self._poll(consumer, place)
            except KafkaError as error:
                log.warning("cannot follow %s, trying again: %r", ALLOWANCES, error)
                await asyncio.sleep(_RETRY_S)

    async def _poll(self, consumer: AIOKafkaConsumer, place: TopicPartition) -> None:
        batches = await consumer.getmany(place, timeout_ms=_POLL_MS)
        for record in batches.get(place, ()):
            ledger = _read(record.value)
            if ledger is not None:
                self._heard(ledger)


async def _at_the_last(kafka: KafkaSettings) -> tuple[AIOKafkaConsumer, TopicPartition, int]:
    place = TopicPartition(kafka.named(ALLOWANCES), PARTITION)
    consumer = plain_consumer(kafka, fetch_max_wait_ms=100)
    await consumer.start()
    try:
        consumer.assign([place])
        begin = (await consumer.beginning_offsets([place]))[place]
        end = (await consumer.end_offsets([place]))[place]
        consumer.seek(place, max(begin, end - _LAST))
    except BaseException:
        await consumer.stop()
        raise
    return consumer, place, end


def _read(value: bytes | None) -> AllowanceLedger | None:
    try:
        return decode(AllowanceLedger, value)
    except DecodeError as error:
        log.warning("ignored a ledger of allowances that cannot be read: %s", error)
        return None
