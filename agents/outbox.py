"""Sends messages and returns when the broker has them: nothing is acknowledged before."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import faust
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from faust.exceptions import ProducerSendError
from pydantic import BaseModel

from pipeline.config import KafkaSettings
from pipeline.errors import InvalidInputError, RetryableError
from pipeline.tracing import context_headers
from schemas.codec import encode


class BrokerAwayError(RetryableError):
    """The broker did not take a message; the work is done again until it does."""


@dataclass(frozen=True)
class Outgoing:
    """A message to send; a `value` of None is a tombstone."""

    kafka_topic: str
    partition: int
    key: str
    value: bytes | None
    headers: Mapping[str, str] = field(default_factory=dict)


def outgoing(
    kafka_topic: str,
    partition: int,
    key: str,
    message: BaseModel | None,
    headers: Mapping[str, str] | None = None,
) -> Outgoing:
    """An encoded message."""
    value = None if message is None else encode(message)
    return Outgoing(kafka_topic, partition, key, value, headers or {})


class Outbox:
    """The producing side of one Faust app; `kafka` says how Kafka topics are named."""

    def __init__(self, app: faust.App, kafka: KafkaSettings) -> None:
        self._app = app
        self._kafka = kafka

    async def send(self, messages: Iterable[Outgoing]) -> None:
        """Send all; returns when each is acknowledged.

        Raises BrokerAwayError when one was not, InvalidInputError when one is too large.
        """
        context = context_headers()
        try:
            producer = await self._app.maybe_start_producer()
            waiting = [
                await producer.send(
                    self._kafka.named(message.kafka_topic),
                    message.key.encode("utf-8"),
                    message.value,
                    message.partition,
                    None,
                    [
                        (name, value.encode("utf-8"))
                        for name, value in {**context, **message.headers}.items()
                    ],
                )
                for message in messages
            ]
            await asyncio.gather(*waiting)
        except (KafkaError, ProducerSendError) as error:
            # Faust wraps what fails before a message is in the producer's buffer.
            cause = error.__cause__ if isinstance(error, ProducerSendError) else error
            if isinstance(cause, MessageSizeTooLargeError):
                raise InvalidInputError(
                    f"the broker refuses a message as too large: {cause}"
                ) from None
            raise BrokerAwayError(f"the broker did not take a message: {cause!r}") from None
