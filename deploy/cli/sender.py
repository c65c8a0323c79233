"""Sends messages in order with a plain Kafka producer and knows which ones arrived."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from agents.refusals import Refusal, said_by_client
from pipeline.errors import RetryableError
from schemas import RawText, encode

DELIVERY_TIMEOUT_S = 60.0
POLL_S = 0.2
_REASON_S = 1.0

SETTINGS: dict[str, Any] = {
    "enable.idempotence": True,
    "acks": "all",
    # Nothing may follow a refused sentence, or the next run would take it for sent.
    "enable.gapless.guarantee": True,
    # The partitioner of Java and Faust: a stream has one partition, whoever writes.
    "partitioner": "murmur2_random",
    "message.timeout.ms": int(DELIVERY_TIMEOUT_S * 1000),
    "linger.ms": 5,
}


class Sender:
    """Sends RawText messages, keyed by stream, and counts the broker's acknowledgements.

    `refusal` words what the brokers refuse.
    """

    def __init__(
        self, settings: Mapping[str, Any], kafka_topic: str, refusal: Refusal = said_by_client
    ) -> None:
        self._kafka_topic = kafka_topic
        self._refusal = refusal
        self.producer = Producer({**settings, **SETTINGS})
        self.delivered = 0
        self.lost: str | None = None

    def send(self, message: RawText) -> None:
        """Hand `message` over; waits while the producer's queue is full.

        Raises RetryableError as soon as any message is known to be undelivered.
        """
        value = encode(message)
        key = message.stream_id.encode("utf-8")
        report = self._report(message)
        while True:
            self._raise_if_lost()
            try:
                self.producer.produce(self._kafka_topic, value, key, on_delivery=report)
            except BufferError:
                self.wait(POLL_S)
            except KafkaException as error:
                self._lose(error.args[0])
            else:
                self.wait(0)
                return

    def wait(self, seconds: float) -> None:
        """Serve delivery reports for about `seconds`; raises RetryableError like `send`."""
        until_s = time.monotonic() + seconds
        while True:
            left_s = max(until_s - time.monotonic(), 0.0)
            # A signal is noticed only between two polls.
            self._serve(lambda: self.producer.poll(min(left_s, POLL_S)))  # noqa: B023 - called at once
            self._raise_if_lost()
            if left_s <= POLL_S:
                return

    def finish(self, progress: Callable[[], None] | None = None) -> None:
        """Wait until every message is acknowledged; raises RetryableError when one is not.

        `progress` is called now and then meanwhile.
        """
        while self._serve(lambda: self.producer.flush(POLL_S)) > 0:
            self._raise_if_lost()
            if progress is not None:
                progress()
        self._raise_if_lost()

    def _report(self, message: RawText) -> Callable[[KafkaError | None, Message], None]:
        def on_delivery(error: KafkaError | None, _: Message) -> None:
            if error is None:
                self.delivered += 1
            elif self.lost is None:
                told = self._refusal(f"write {self._kafka_topic}", error)
                self.lost = f"seq {message.seq} of {message.stream_id} was not delivered: {told}"

        return on_delivery

    def _serve(self, call: Callable[[], int]) -> int:
        """Make a call that serves delivery reports, and that raises once the producer is dead."""
        try:
            return call()
        except KafkaException as error:
            self._lose(error.args[0])
            return 0

    def _lose(self, error: KafkaError) -> None:
        if error.code() == KafkaError._FATAL:
            error = self._reason_of(error)
        if self.lost is None:
            told = self._refusal(f"write {self._kafka_topic}", error)
            self.lost = f"sentences were not delivered: {told}"

    def _reason_of(self, fatal: KafkaError) -> KafkaError:
        """Why the client is dead: the next calls that serve its events report or raise it."""
        until_s = time.monotonic() + _REASON_S
        while self.lost is None and time.monotonic() < until_s:
            try:
                self.producer.poll(POLL_S)
            except KafkaException as raised:
                reason: KafkaError = raised.args[0]
                return reason
        return fatal

    def _raise_if_lost(self) -> None:
        if self.lost is not None:
            self.producer.purge()
            self._serve(lambda: self.producer.flush(POLL_S))
            raise RetryableError(self.lost)


class Pace:
    """Spaces messages at `rate` a second; of a delay, at most CATCH_UP_S is made up for.

    `now` gives seconds; `wait` is called with the seconds to pass.
    """

    CATCH_UP_S = 0.1

    def __init__(
        self, rate: float | None, now: Callable[[], float], wait: Callable[[float], None]
    ) -> None:
        self._gap_s = 0.0 if rate is None else 1.0 / rate
        self._now = now
        self._wait = wait
        self._due_s: float | None = None

    def keep(self) -> None:
        """Wait until the next message is due."""
        if not self._gap_s:
            return
        if self._due_s is None:
            self._due_s = self._now()
        while (left_s := self._due_s - self._now()) > 0:
            self._wait(min(left_s, POLL_S))
        self._due_s = max(self._due_s, self._now() - self.CATCH_UP_S) + self._gap_s
