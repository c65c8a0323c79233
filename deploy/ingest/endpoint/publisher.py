"""Sends sentences from an event loop to Kafka and tells when the broker has them."""

import asyncio
from collections.abc import Mapping, Sequence
from threading import Event, Thread
from typing import Any, Protocol

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from deploy.cli.sender import SETTINGS
from pipeline.errors import RetryableError
from schemas import RawText, encode

POLL_S = 0.05


class FullError(RetryableError):
    """Too much is waiting for the broker: try again a little later."""


class Publisher(Protocol):
    """Where the endpoint puts what it is given."""

    async def publish(self, kafka_topic: str, messages: Sequence[RawText]) -> None:
        """Return when the broker has all of them, in order.

        Raises FullError before anything is sent if too much is waiting, and RetryableError if the
        broker has not taken all.
        """
        ...


class KafkaPublisher:
    """A confluent-kafka producer whose reports are brought to the event loop.

    `most_waiting`: messages that may wait for their acknowledgement, of all streams together.
    """

    def __init__(
        self, settings: Mapping[str, Any], most_waiting: int, timeout_s: float = 30.0
    ) -> None:
        limits = {
            "message.timeout.ms": int(timeout_s * 1000),
            "queue.buffering.max.messages": most_waiting + 1,
        }
        self._settings = {**settings, **SETTINGS, **limits}
        self.producer = Producer(self._settings)
        self._most_waiting = most_waiting
        self._stop = Event()
        self._poller = Thread(target=self._poll, name="ingest-reports", daemon=True)
        self._poller.start()

    async def publish(self, kafka_topic: str, messages: Sequence[RawText]) -> None:
        """See Publisher."""
        if len(self.producer) + len(messages) > self._most_waiting:
            raise FullError(f"{len(self.producer)} sentences wait for the broker")
        loop = asyncio.get_running_loop()
        reports = [self._send(loop, kafka_topic, message) for message in messages]
        errors = [error for error in await asyncio.gather(*reports) if error is not None]
        if errors:
            self._renew()
            raise RetryableError(f"the broker did not take all: {errors[0]}")

    def close(self, limit_s: float) -> None:
        """Wait for what is on its way, at most `limit_s`."""
        self.producer.flush(limit_s)
        self._stop.set()
        self._poller.join(1.0)

    def _send(
        self, loop: asyncio.AbstractEventLoop, kafka_topic: str, message: RawText
    ) -> "asyncio.Future[str | None]":
        done: asyncio.Future[str | None] = loop.create_future()

        def tell(said: str | None) -> None:
            if not done.done():
                done.set_result(said)

        def report(error: KafkaError | None, _: Message) -> None:
            loop.call_soon_threadsafe(tell, None if error is None else error.str())

        key = message.stream_id.encode("utf-8")
        try:
            self.producer.produce(kafka_topic, encode(message), key, on_delivery=report)
        except BufferError:
            tell("its queue is full")
        except KafkaException as error:
            tell(error.args[0].str())
        return done

    def _renew(self) -> None:
        # After a lost message the producer refuses all others, so that none overtakes it: those who
        # posted them post again, to a new producer.
        old, self.producer = self.producer, Producer(self._settings)
        old.purge()

    def _poll(self) -> None:
        while not self._stop.is_set():
            producer = self.producer
            try:
                producer.poll(POLL_S)
            except KafkaException:
                # A producer that gave up says so in every report, too.
                self._stop.wait(POLL_S)
