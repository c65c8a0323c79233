"""Reads and writes the small Kafka topics that hold one value a key: the pool, controls, state."""

from collections.abc import Iterator, Mapping

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, Producer, TopicPartition

from agents.reachability import CONNECT_TIMEOUT_S, Reachability, quiet
from agents.refusals import not_done
from deploy.cli.cluster import reader_settings, require_kafka_topic
from deploy.cli.partition_ends import PartitionEnds
from pipeline.config import KafkaSettings
from pipeline.errors import RetryableError
from schemas.partitions import partition_of

SILENCE_S = 20.0
DELIVERY_S = 15.0


class KeyedValues:
    """One compacted Kafka topic of a deployment.

    Every method raises ConfigurationError when no broker answers or the Kafka topic is missing,
    and RetryableError when the brokers fall silent.
    """

    def __init__(
        self,
        kafka: KafkaSettings,
        kafka_topic: str,
        connect_timeout_s: float = CONNECT_TIMEOUT_S,
    ) -> None:
        self._kafka = kafka
        self._connect_timeout_s = connect_timeout_s
        self._name = kafka.named(kafka_topic)

    def latest(self) -> dict[str, bytes]:
        """The last value of each key; keys with a tombstone are left out."""
        values: dict[str, bytes] = {}
        for key, value in self.history():
            if value is None:
                values.pop(key, None)
            else:
                values[key] = value
        return values

    def history(self) -> Iterator[tuple[str, bytes | None]]:
        """Every message that is there, those of a key in order, up to the end."""
        reachability = Reachability(self._connect_timeout_s)
        consumer = Consumer(reader_settings(self._kafka.client_settings(), reachability))
        try:
            partitions = require_kafka_topic(reachability, consumer, self._kafka, self._name)
            numbers = range(partitions)
            consumer.assign([TopicPartition(self._name, n, OFFSET_BEGINNING) for n in numbers])
            unread = PartitionEnds(consumer, dict.fromkeys(numbers))
            while unread.left:
                message = consumer.poll(SILENCE_S)
                if message is None:
                    raise RetryableError(f"{self._name} gave no message for {SILENCE_S:g} s")
                error = message.error()
                if error is None:
                    yield (message.key() or b"").decode("utf-8", "replace"), message.value()
                elif error.code() != KafkaError._PARTITION_EOF and not error.retriable():
                    raise RetryableError(not_done(f"read {self._name}", error, self._kafka))
                unread.note(message)
        finally:
            consumer.close()

    def write(self, values: Mapping[str, bytes | None]) -> None:
        """Write values, None as a tombstone; returns when the brokers have all of them."""
        reachability = Reachability(self._connect_timeout_s)
        producer = Producer(
            {
                **quiet(self._kafka.client_settings(), reachability),
                # In order, and without what idempotence asks of a user who may not write.
                "max.in.flight.requests.per.connection": 1,
                "acks": "all",
                "message.timeout.ms": int(DELIVERY_S * 1000),
            }
        )
        partitions = require_kafka_topic(reachability, producer, self._kafka, self._name)
        failed: list[KafkaError] = []
        for key, value in values.items():
            producer.produce(
                self._name,
                value,
                key.encode("utf-8"),
                partition_of(key, partitions),
                on_delivery=lambda error, _: failed.append(error) if error is not None else None,
            )
        left = producer.flush(DELIVERY_S + 1.0)
        if failed or left:
            if failed:
                why = not_done(f"write {self._name}", failed[0], self._kafka)
            else:
                why = f"{self._name}: no broker answers"
            raise RetryableError(f"nothing is changed for certain: {why}; then try again")
