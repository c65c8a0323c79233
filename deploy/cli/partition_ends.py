"""Knows when a reader has come to the end of what was there, even while more is written."""

from collections.abc import Mapping

from confluent_kafka import Consumer, KafkaError, Message, TopicPartition


class PartitionEnds:
    """The partitions that are not yet read to their ends; `left` is a set of their numbers.

    A partition's end is the offset given for it or, for None, the high watermark that comes with
    its first messages. The broker is not asked beforehand: the embedded one then names the
    beginning of its last batch. An end-of-partition event, which a busy partition may never give,
    counts as the end too.
    """

    def __init__(self, consumer: Consumer, ends: Mapping[int, int | None]) -> None:
        self._consumer = consumer
        self._ends = dict(ends)

    @property
    def left(self) -> frozenset[int]:
        """The partitions that are not at their end."""
        return frozenset(self._ends)

    def note(self, message: Message) -> bool:
        """Take in what was polled; tells whether its partition came to its end by that."""
        number, offset, error = message.partition(), message.offset(), message.error()
        if number is None or offset is None or number not in self._ends:
            return False
        if error is None and offset + 1 < self._end(message.topic() or "", number):
            return False
        if error is not None and error.code() != KafkaError._PARTITION_EOF:
            return False
        del self._ends[number]
        return True

    def _end(self, kafka_topic: str, number: int) -> int:
        end = self._ends[number]
        if end is None:
            place = TopicPartition(kafka_topic, number)
            _, end = self._consumer.get_watermark_offsets(place, cached=True)
            self._ends[number] = end
        return end
