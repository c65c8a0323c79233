"""Reads the records of a domain from Kafka, to the end or for ever."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from confluent_kafka import (
    OFFSET_BEGINNING,
    OFFSET_END,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)

from agents.reachability import Reachability
from agents.refusals import Refusal
from deploy.cli.partition_ends import PartitionEnds
from pipeline.errors import RetryableError
from schemas import CategorizedRecord, DecodeError, decode

POLL_S = 0.5
COMMIT_INTERVAL_S = 1.0


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A message that is no record: where it lies and why."""

    place: str
    problem: str


class RecordReader:
    """Reads `records-<domain>` from its beginning or end, or on behalf of a consumer group.

    Without `group` nothing is committed and no group is joined. With it, reading starts where the
    group stands, and `commit` notes how far the records were dealt with. `refusal` words what the
    brokers refuse, as `agents.refusals.not_done` does.
    """

    def __init__(
        self,
        settings: Mapping[str, Any],
        kafka_topic: str,
        partitions: int,
        reachability: Reachability,
        *,
        in_group: bool,
        from_beginning: bool,
        refusal: Refusal,
        silence_s: float = 30.0,
    ) -> None:
        self._kafka_topic = kafka_topic
        self._reachability = reachability
        self._in_group = in_group
        self._refusal = refusal
        self._silence_s = silence_s
        self._unread: PartitionEnds | None = None
        self._done: dict[int, int] = {}
        self._committed_s = time.monotonic()
        start = "earliest" if from_beginning else "latest"
        self._consumer = Consumer({**settings, "auto.offset.reset": start})
        if in_group:
            self._consumer.subscribe([kafka_topic], on_assign=self._assigned)
        else:
            offset = OFFSET_BEGINNING if from_beginning else OFFSET_END
            places = [TopicPartition(kafka_topic, number, offset) for number in range(partitions)]
            self._consumer.assign(places)
            self._assigned(self._consumer, places)

    def read(self, *, follow: bool) -> Iterator[CategorizedRecord | Unreadable | None]:
        """Yield what is there; with `follow`, also what comes, and None whenever nothing does.

        Raises RetryableError when, without `follow`, the brokers fall silent before the end.
        """
        heard_s = time.monotonic()
        while follow or self._unread is None or self._unread.left:
            message = self._consumer.poll(POLL_S)
            if message is None:
                if not follow and time.monotonic() - heard_s > self._silence_s:
                    raise RetryableError(self._silence())
                yield None
                continue
            heard_s = time.monotonic()
            error = message.error()
            if self._unread is not None:
                self._unread.note(message)
            if error is None:
                self._reachability.all_down = False
                yield _record(message)
                self._note(message)
            elif error.code() == KafkaError._PARTITION_EOF:
                continue
            elif error.fatal() or not error.retriable():
                raise RetryableError(self._refusal(f"read {self._kafka_topic}", error))

    def commit(self, *, at_once: bool = False) -> None:
        """Note for the group that what was read is dealt with, now and then unless `at_once`."""
        now_s = time.monotonic()
        due = at_once or now_s - self._committed_s >= COMMIT_INTERVAL_S
        if not (self._in_group and self._done and due):
            return
        offsets = [
            TopicPartition(self._kafka_topic, number, offset)
            for number, offset in self._done.items()
        ]
        try:
            self._consumer.commit(offsets=offsets, asynchronous=False)
        except KafkaException as error:
            raise RetryableError(
                f"the group's position was not saved: {error.args[0].str()}; "
                "the next run prints some records again"
            ) from None
        self._done.clear()
        self._committed_s = now_s

    @property
    def brokers_down(self) -> bool:
        """Whether no broker has answered since the last message."""
        return self._reachability.all_down

    def close(self) -> None:
        """Leave the group, if any, and the brokers."""
        self._consumer.close()

    def _assigned(self, consumer: Consumer, places: list[TopicPartition]) -> None:
        self._done.clear()
        self._unread = PartitionEnds(consumer, dict.fromkeys(place.partition for place in places))

    def _note(self, message: Message) -> None:
        number, offset = message.partition(), message.offset()
        if number is not None and offset is not None:
            self._done[number] = offset + 1

    def _silence(self) -> str:
        if self._unread is None:
            return f"no partition of {self._kafka_topic} was assigned: other members hold them all"
        last = self._reachability.last
        return f"{self._kafka_topic} fell silent before its end" + (
            f": {last.str()}" if last else ""
        )


def _record(message: Message) -> CategorizedRecord | Unreadable:
    try:
        return decode(CategorizedRecord, message.value())
    except DecodeError as error:
        place = f"{message.topic()}[{message.partition()}]@{message.offset()}"
        return Unreadable(place, str(error))
