"""How often workers restarted at a message, kept with the broker: a restart must not forget it.

The committed offsets of a group without members carry the counts as their metadata, as
`offset:count` by partition, the latest last.
"""

import re
import time
from collections.abc import Iterable, Mapping

from confluent_kafka import Consumer, KafkaException, TopicPartition

from pipeline.config import KafkaSettings
from pipeline.errors import RetryableError
from schemas.dead_letter import Source

GROUP = "watchdog"
_TIMEOUT_S = 10.0
_PAUSES_S = (0.3, 1.0, 3.0)
_REMEMBERED = 50
_COUNT = re.compile(r"(\d{1,19}):(\d{1,9})")


class StallBook:
    """Counts restarts by message; every method blocks for 10 s at most a request.

    All of them raise RetryableError when the broker does not answer.
    """

    def __init__(self, kafka: KafkaSettings) -> None:
        self._settings = {
            **kafka.client_settings(),
            "group.id": f"{kafka.group_prefix}-{GROUP}",
            "enable.auto.commit": False,
            "log_level": 0,
        }

    def read(self, places: Iterable[tuple[str, int]]) -> dict[Source, int]:
        """The restarts counted at messages of these partitions, the latest last."""
        asked = [TopicPartition(kafka_topic, number) for kafka_topic, number in places]
        consumer = Consumer(self._settings)
        try:
            found = self._committed(consumer, asked) if asked else []
        finally:
            consumer.close()
        return {
            Source(kafka_topic=at.topic, partition=at.partition, offset=int(offset)): int(count)
            for at in found
            for offset, count in _COUNT.findall(at.metadata or "")
        }

    def _committed(self, consumer: Consumer, asked: list[TopicPartition]) -> list[TopicPartition]:
        """What is committed; a group that is new to its coordinator takes more than one try."""
        for pause_s in (*_PAUSES_S, None):
            try:
                return consumer.committed(asked, timeout=_TIMEOUT_S)
            except KafkaException as error:
                if pause_s is None:
                    raise RetryableError(f"cannot read the book of restarts: {error}") from None
                time.sleep(pause_s)
        return []

    def count(self, messages: Iterable[Source]) -> int:
        """Count one more restart at each of these messages; returns the most of any of them."""
        wanted = list(messages)
        kept = self.read({(at.kafka_topic, at.partition) for at in wanted})
        for at in wanted:
            kept[at] = kept.pop(at, 0) + 1
        consumer = Consumer(self._settings)
        try:
            consumer.commit(offsets=_offsets(kept), asynchronous=False)
        except KafkaException as error:
            raise RetryableError(f"cannot write the book of restarts: {error}") from None
        finally:
            consumer.close()
        return max((kept[at] for at in wanted), default=0)


def _offsets(kept: Mapping[Source, int]) -> list[TopicPartition]:
    lines: dict[tuple[str, int], list[str]] = {}
    latest: dict[tuple[str, int], int] = {}
    for at, count in kept.items():
        place = (at.kafka_topic, at.partition)
        lines.setdefault(place, []).append(f"{at.offset}:{count}")
        latest[place] = at.offset
    return [
        TopicPartition(*place, latest[place], metadata=",".join(counts[-_REMEMBERED:]))
        for place, counts in lines.items()
    ]
