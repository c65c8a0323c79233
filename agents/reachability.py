"""Whether a cluster answers a confluent-kafka client, and what the client says when it does not."""

import logging
import time
from collections.abc import Mapping
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient

from agents.refusals import HOPELESS, not_reached
from pipeline.config import KafkaSettings
from pipeline.errors import ConfigurationError

CONNECT_TIMEOUT_S = 8.0


class Reachability:
    """Notes what a Kafka client complains about; give `note` to the client as its `error_cb`.

    A cluster that does not answer is asked for `connect_timeout_s`.
    """

    def __init__(self, connect_timeout_s: float = CONNECT_TIMEOUT_S) -> None:
        self._connect_timeout_s = connect_timeout_s
        self.last: KafkaError | None = None
        self.all_down = False

    def note(self, error: KafkaError) -> None:
        """Remember a complaint; the one that all brokers are down has no reason in it."""
        if error.code() == KafkaError._ALL_BROKERS_DOWN:
            self.all_down = True
        elif self.last is None or self.last.code() not in HOPELESS:
            self.last = error

    def cause(self, error: KafkaError) -> KafkaError:
        """What was complained about first, for an error that only says that the client is dead."""
        return self.last if error.code() == KafkaError._FATAL and self.last is not None else error

    def partitions(
        self, client: Producer | Consumer | AdminClient, kafka: KafkaSettings
    ) -> dict[str, int]:
        """The number of partitions of every Kafka topic that the client may see.

        Raises ConfigurationError when no broker lets the client in.
        """
        deadline = time.monotonic() + self._connect_timeout_s
        while True:
            try:
                topics = client.list_topics(timeout=1.0).topics
            except KafkaException as error:
                client.poll(0)
                cause = self.last or error.args[0]
                if time.monotonic() > deadline or cause.code() in HOPELESS:
                    raise ConfigurationError(not_reached(cause, kafka)) from None
            else:
                return {name: len(topic.partitions) for name, topic in topics.items()}


def quiet(settings: Mapping[str, Any], reachability: Reachability) -> dict[str, Any]:
    """Settings of a client that writes no log of its own to the terminal."""
    logger = logging.getLogger("rolestream.kafka-client")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
    return {**settings, "error_cb": reachability.note, "logger": logger}
