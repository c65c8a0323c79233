"""Sentences on their way in, and what has come out: the Kafka side of a bench."""

import time
from collections.abc import Iterable

from confluent_kafka import (
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    Producer,
    TopicPartition,
)

from agents.reachability import Reachability, quiet

PARTITIONS = 4


class Feed:
    """Writes messages as fast as it is told."""

    def __init__(self, servers: str) -> None:
        settings = {"bootstrap.servers": servers, "linger.ms": "1"}
        # In order after a retry: the splitter refuses what comes too late.
        settings["max.in.flight.requests.per.connection"] = "1"
        self._producer = Producer(quiet(settings, Reachability()))

    def send(self, kafka_topic: str, key: str, value: bytes, partition: int = -1) -> None:
        """Send one message; waits only while the client's buffer is full."""
        while True:
            try:
                self._producer.produce(kafka_topic, key=key, value=value, partition=partition)
            except BufferError:
                self._producer.poll(0.1)
            else:
                self._producer.poll(0)
                return

    def fill(self, kafka_topic: str, messages: Iterable[tuple[str, bytes]]) -> None:
        """Send messages round the partitions; returns when the broker has them."""
        for number, (key, value) in enumerate(messages):
            self.send(kafka_topic, key, value, number % PARTITIONS)
        self.flush()

    def flush(self) -> None:
        """Wait until all is sent."""
        self._producer.flush(120)


class Counted:
    """How many messages a Kafka topic holds, by the ends of its partitions."""

    def __init__(self, servers: str, kafka_topic: str) -> None:
        settings = {"bootstrap.servers": servers, "group.id": "bench-counter"}
        self._consumer = Consumer(quiet(settings, Reachability()))
        self._places = [TopicPartition(kafka_topic, partition) for partition in range(PARTITIONS)]

    def messages(self) -> int:
        """The number of messages now."""
        try:
            ends = [self._consumer.get_watermark_offsets(at, timeout=10) for at in self._places]
        except KafkaException as error:
            # A Kafka topic that was just created may have no leader yet.
            if (
                error.args[0].retriable()
                or error.args[0].code() == KafkaError.NOT_LEADER_FOR_PARTITION
            ):
                return 0
            raise
        return sum(end[1] for end in ends if end is not None)

    def close(self) -> None:
        """Close the client."""
        self._consumer.close()


class Observer:
    """Notes when messages become readable; only what comes after its start."""

    def __init__(self, servers: str, kafka_topics: Iterable[str]) -> None:
        settings = {
            "bootstrap.servers": servers,
            "group.id": "bench-observer",
            "enable.auto.commit": "false",
        }
        self._consumer = Consumer(quiet(settings, Reachability()))
        self._consumer.assign(
            [
                TopicPartition(kafka_topic, partition, 0)
                for kafka_topic in kafka_topics
                for partition in range(PARTITIONS)
            ]
        )
        self.seen: list[tuple[float, Message]] = []

    def look(self, timeout_s: float) -> bool:
        """Take in the next message, as soon as it is readable; False if none came in time."""
        message = self._consumer.poll(timeout_s)
        if message is None or message.error() is not None:
            return False
        self.seen.append((time.monotonic(), message))
        return True

    def close(self) -> None:
        """Close the client."""
        self._consumer.close()
