"""Asks Kafka how far streams have got, so that a second `produce` goes on where the first ended.

The answer comes from the Kafka topic itself and not from a file beside the input: it is right
after a crash, on another machine, and when messages are gone with their retention.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from agents.refusals import Refusal, said_by_client
from deploy.cli.partition_ends import PartitionEnds
from pipeline.errors import RetryableError
from schemas import DecodeError, RawText, decode

MAX_MESSAGES = 200_000
"""How many messages of a partition are read back, at most, in search of a stream."""

FIRST_WINDOW = 2_000
SILENCE_S = 30.0
BOUNDS_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Tail:
    """The sentence of a stream with the highest seq, and the seq of the end mark after it."""

    seq: int
    text: str
    end_seq: int | None

    def after(self, message: RawText) -> "Tail":
        """The tail when `message` follows."""
        if not message.text.strip():
            return replace(self, end_seq=message.seq) if message.end else self
        if message.seq < self.seq:
            return self
        return Tail(message.seq, message.text, message.seq if message.end else None)

    def preceded_by(self, older: "Tail") -> "Tail":
        """The tail when `older` messages come before: they count if this one is a mere end mark."""
        return self if self.seq >= 0 else replace(older, end_seq=self.end_seq)


NOTHING = Tail(-1, "", None)


class StreamTails:
    """Finds the tails of streams on one Kafka topic, reading its partitions from their ends.

    Ever larger windows are read until the stream is found; what was seen of other streams is
    kept. A stream whose last message lies more than `max_messages` back in its partition is not
    found: `searched_all` tells whether that could be. `refusal` words what the brokers refuse.
    """

    def __init__(
        self,
        settings: Mapping[str, Any],
        kafka_topic: str,
        partitions: int,
        max_messages: int = MAX_MESSAGES,
        first_window: int = FIRST_WINDOW,
        refusal: Refusal = said_by_client,
    ) -> None:
        self._settings = dict(settings)
        self._kafka_topic = kafka_topic
        self._partitions = partitions
        self._refusal = refusal
        self._max_messages = max_messages
        self._window = min(first_window, max_messages)
        self._bounds: dict[int, tuple[int, int]] = {}
        self._read_from: dict[int, int] = {}
        self._tails: dict[str, Tail] = {}

    @property
    def searched_all(self) -> bool:
        """Whether every message of the Kafka topic was looked at."""
        return all(self._read_from[number] <= low for number, (low, _) in self._bounds.items())

    def find(self, stream_id: str) -> Tail | None:
        """Return the tail of `stream_id`, None if it is not found within the bound.

        Raises RetryableError when the brokers fall silent.
        """
        if not self._bounds:
            self._deepen()
        while not self._knows(stream_id) and not self.searched_all:
            if self._window >= self._max_messages:
                break
            self._window = min(self._window * 10, self._max_messages)
            self._deepen()
        return self._tails.get(stream_id)

    def _knows(self, stream_id: str) -> bool:
        return self._tails.get(stream_id, NOTHING).seq >= 0

    def _deepen(self) -> None:
        """Read what the current window adds to what was read before."""
        consumer = Consumer(self._settings)
        try:
            if not self._bounds:
                for number in range(self._partitions):
                    place = TopicPartition(self._kafka_topic, number)
                    self._bounds[number] = _bounds(consumer, place)
            self._read_back(consumer)
        except KafkaException as error:
            doing = f"read {self._kafka_topic} to find where to continue"
            raise RetryableError(self._refusal(doing, error.args[0])) from None
        finally:
            consumer.close()

    def _read_back(self, consumer: Consumer) -> None:
        ends: dict[int, int | None] = {}
        for number, (low, high) in self._bounds.items():
            start = max(low, high - self._window)
            if start < self._read_from.get(number, high):
                ends[number] = self._read_from.get(number)
            self._read_from[number] = start
        older: dict[str, Tail] = {}
        consumer.assign(
            [TopicPartition(self._kafka_topic, number, self._read_from[number]) for number in ends]
        )
        unread = PartitionEnds(consumer, ends)
        while unread.left:
            message = consumer.poll(SILENCE_S)
            if message is None:
                raise RetryableError(f"{self._kafka_topic} gave no message for {SILENCE_S:g} s")
            error = message.error()
            if error is not None and error.code() != KafkaError._PARTITION_EOF:
                raise KafkaException(error)
            partition = message.partition()
            if partition is None or partition not in unread.left:
                continue
            if error is None and _is_before(message, ends[partition]):
                _follow(older, message.value())
            if unread.note(message):
                consumer.pause([TopicPartition(self._kafka_topic, partition)])
        for stream_id, tail in older.items():
            newer = self._tails.get(stream_id)
            self._tails[stream_id] = tail if newer is None else newer.preceded_by(tail)


def _bounds(consumer: Consumer, place: TopicPartition) -> tuple[int, int]:
    """The first offset and the one behind the last; a new Kafka topic may not have them at once."""
    deadline = time.monotonic() + BOUNDS_TIMEOUT_S
    while True:
        try:
            return consumer.get_watermark_offsets(place, timeout=BOUNDS_TIMEOUT_S)
        except KafkaException:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def _is_before(message: Message, end: int | None) -> bool:
    offset = message.offset()
    return end is None or (offset is not None and offset < end)


def _follow(tails: dict[str, Tail], value: bytes | None) -> None:
    try:
        message = decode(RawText, value)
    except DecodeError:
        # What is no RawText says nothing about a stream; the worker turns it into a dead letter.
        return
    tails[message.stream_id] = tails.get(message.stream_id, NOTHING).after(message)
