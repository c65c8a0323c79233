"""The broker that a bench runs on: Apache Kafka from its jars unless another one is asked for."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from deploy.brokers.apache import ApacheKafka
from deploy.brokers.embedded import EmbeddedBroker
from deploy.brokers.kafka_jars import KAFKA_VERSION

BROKERS = ("apache", "embedded")


@dataclass(frozen=True)
class BenchBroker:
    """A running broker and what the report calls it."""

    bootstrap_servers: str
    name: str


@contextmanager
def bench_broker(kind: str, bootstrap_servers: str | None) -> Iterator[BenchBroker]:
    """The broker at `bootstrap_servers`, else a fresh one of `kind`, stopped at the end.

    Raises ConfigurationError or RetryableError when it cannot be started.
    """
    if bootstrap_servers is not None:
        yield BenchBroker(bootstrap_servers, f"given: {bootstrap_servers}")
    elif kind == "embedded":
        with EmbeddedBroker() as embedded:
            yield BenchBroker(embedded.bootstrap_servers, "embedded (Tansu)")
    else:
        with ApacheKafka() as apache:
            yield BenchBroker(apache.bootstrap_servers, f"Apache Kafka {KAFKA_VERSION}")
