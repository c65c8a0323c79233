"""Sends messages and returns when the broker has them: nothing is acknowledged before.

The producer is librdkafka's: it collects what many tasks send meanwhile into one request, and one
look at it settles them all.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, Producer
from pydantic import BaseModel

from agents.membership import Membership
from agents.reachability import Reachability, quiet
from agents.refusals import not_done
from pipeline.config import KafkaSettings
from pipeline.errors import InvalidInputError, RetryableError, RolestreamError
from pipeline.tracing import context_headers
from schemas.codec import encode

_LOOK_S = 0.001
_IDLE_LOOK_S = 0.5
_FULL_S = 0.005
_MOST_MESSAGE_BYTES = 1024 * 1024
_SETTINGS: Mapping[str, Any] = {
    "acks": "all",
    # In order after a retry, and without what idempotence asks of a user who may not write.
    "max.in.flight.requests.per.connection": 1,
    "message.max.bytes": _MOST_MESSAGE_BYTES,
    # A request's share of a partition is one message to brokers, whose bounds may be narrow.
    "batch.size": 256 * 1024,
    "linger.ms": 0,
    "socket.nagle.disable": True,
}


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


class Sending:
    """Messages that were sent together, and the broker's word on them."""

    __slots__ = ("_done", "_due", "_explain", "_failed", "_failed_at", "_under_way")

    def __init__(
        self,
        under_way: "set[Sending]",
        explain: Callable[[KafkaError, str | None], RolestreamError],
    ) -> None:
        # The sender counts as one, until it has sent all.
        self._due = 1
        self._under_way = under_way
        self._explain = explain
        self._done = asyncio.get_running_loop().create_future()
        self._failed: KafkaError | None = None
        self._failed_at: str | None = None
        under_way.add(self)

    @property
    def failed(self) -> bool:
        """Whether the broker has refused one of them."""
        return self._failed is not None

    async def taken(self) -> None:
        """Returns when the broker has them all; several may wait.

        Raises BrokerAwayError when it does not have one, InvalidInputError when one is too large.
        """
        if not self._done.done():
            await asyncio.shield(self._done)
        if self._failed is not None:
            raise self._explain(self._failed, self._failed_at)

    def one_more(self) -> None:
        """One more is in the producer's buffer."""
        self._due += 1

    def told(self, error: KafkaError | None, message: Message | None) -> None:
        """The broker's word on one of them."""
        self._due -= 1
        if error is not None and self._failed is None:
            self._failed = error
            self._failed_at = None if message is None else message.topic()
        if not self._due:
            self._under_way.discard(self)
            if not self._done.done():
                self._done.set_result(None)


class Outbox:
    """The producing side of one Faust app; `kafka` says how Kafka topics are named.

    Nothing is sent while it is not sure that the app's `membership` in its group still holds.
    """

    def __init__(
        self,
        kafka: KafkaSettings,
        connect: Callable[[dict[str, Any]], Producer] = Producer,
        membership: Membership | None = None,
    ) -> None:
        self._membership = membership or Membership(kafka.session_timeout_s)
        self._kafka = kafka
        self._connect = connect
        self._client: Producer | None = None
        self._under_way: set[Sending] = set()
        self._look: asyncio.TimerHandle | None = None
        self._look_due_s = 0.0

    def start(self) -> None:
        """Connect. Raises ConfigurationError when a password or a file is not where it should be.

        What is sent before connects by itself.
        """
        self._connected()

    async def hold(self) -> None:
        """Wait until what is sent is surely sent by the owner of the partitions."""
        await self._membership.hold()

    async def send(self, messages: Iterable[Outgoing]) -> None:
        """Send all; returns when each is acknowledged.

        Raises BrokerAwayError when one was not, InvalidInputError when one is too large.
        """
        await (await self.begin(messages)).taken()

    async def begin(self, messages: Iterable[Outgoing]) -> Sending:
        """Put all on their way; what the broker says to them is to be asked of what is returned."""
        await self.hold()
        client = self._connected()
        context = context_headers()
        sending = Sending(self._under_way, self._refused)
        refused: KafkaError | None = None
        try:
            for message in messages:
                await self._enqueue(client, message, context, sending)
        except KafkaException as error:
            refused = error.args[0]
        finally:
            sending.told(refused, None)
            self._look_in(_LOOK_S)
        return sending

    async def settled(self, limit_s: float) -> None:
        """Wait until the broker has said to all that was sent; what it has not by then is dropped.

        Raises BrokerAwayError if something was.
        """
        loop = asyncio.get_running_loop()
        until_s = loop.time() + limit_s
        while self._under_way:
            if loop.time() > until_s:
                self._drop()
                raise BrokerAwayError(f"the broker took no messages for {limit_s:g} s")
            await asyncio.sleep(_LOOK_S)

    def stop(self) -> None:
        """Drop what is not sent, and disconnect."""
        if self._look is not None:
            self._look.cancel()
        self._drop()
        self._client = None

    def _drop(self) -> None:
        if self._client is not None:
            self._client.purge()
            self._client.poll(0)

    def _connected(self) -> Producer:
        if self._client is None:
            settings = {**_SETTINGS, **self._kafka.client_settings()}
            self._client = self._connect(quiet(settings, Reachability()))
            self._serve()
        return self._client

    async def _enqueue(
        self, client: Producer, message: Outgoing, context: Mapping[str, str], sending: Sending
    ) -> None:
        headers: dict[str, str | bytes | None] | None = None
        if context or message.headers:
            headers = {**context, **message.headers}
        while True:
            try:
                client.produce(
                    self._kafka.named(message.kafka_topic),
                    message.value,
                    message.key.encode("utf-8"),
                    message.partition,
                    on_delivery=sending.told,
                    headers=headers,
                )
            except BufferError:
                self._look_in(_LOOK_S)
                await asyncio.sleep(_FULL_S)
            else:
                sending.one_more()
                return

    def _look_in(self, pause_s: float) -> None:
        loop = asyncio.get_running_loop()
        due_s = loop.time() + pause_s
        if self._look is None or self._look_due_s > due_s:
            if self._look is not None:
                self._look.cancel()
            self._look = loop.call_at(due_s, self._serve)
            self._look_due_s = due_s

    def _serve(self) -> None:
        self._look = None
        if self._client is not None:
            try:
                self._client.poll(0)
            finally:
                self._look_in(_LOOK_S if self._under_way else _IDLE_LOOK_S)

    def _refused(self, error: KafkaError, kafka_topic: str | None) -> RolestreamError:
        if error.code() == KafkaError.MSG_SIZE_TOO_LARGE:
            return InvalidInputError(f"the broker refuses a message as too large: {error.str()}")
        where = "what is sent" if kafka_topic is None else f"the Kafka topic {kafka_topic}"
        return BrokerAwayError(not_done(f"WRITE {where}", error, self._kafka))
