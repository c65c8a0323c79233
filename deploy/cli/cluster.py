"""How `produce` and `consume` reach a Kafka cluster, and what they say when they cannot."""

import logging
import re
import time
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import click
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer

from pipeline.config import KafkaSettings, load_config
from pipeline.config.load import with_bootstrap_servers
from pipeline.errors import ConfigurationError

CONNECT_TIMEOUT_S = 8.0

Command = TypeVar("Command", bound=Callable[..., Any])

_DOMAIN = re.compile(r"[a-z][a-z0-9-]*")
_HOPELESS = (KafkaError._AUTHENTICATION, KafkaError._SSL)


def cluster_options(command: Command) -> Command:
    """Add --bootstrap-servers and --config to a command."""
    command = click.option(
        "--config",
        "config_path",
        type=click.Path(path_type=Path),
        help="Configuration file; its [kafka] table says where the cluster is.",
    )(command)
    return click.option(
        "--bootstrap-servers",
        metavar="HOST:PORT,...",
        help="The cluster, in place of the configuration's; without --config no file is read.",
    )(command)


def kafka_settings(bootstrap_servers: str | None, config_path: Path | None) -> KafkaSettings:
    """How to reach the cluster: the configuration's way, with `bootstrap_servers` on top.

    Raises ConfigurationError when neither says where the cluster is.
    """
    if bootstrap_servers is not None and config_path is None:
        return KafkaSettings(bootstrap_servers=bootstrap_servers)
    return with_bootstrap_servers(load_config(config_path), bootstrap_servers).kafka


def checked_domain(domain: str) -> str:
    """Return `domain`; raises ConfigurationError when it cannot be a domain's name."""
    if not _DOMAIN.fullmatch(domain):
        raise ConfigurationError(
            f"--domain {domain!r}: a domain's name has lower-case letters, digits and hyphens"
        )
    return domain


class Reachability:
    """Notes what a Kafka client complains about; give `note` to the client as its `error_cb`."""

    def __init__(self) -> None:
        self.last: KafkaError | None = None
        self.all_down = False

    def note(self, error: KafkaError) -> None:
        """Remember a complaint; the one that all brokers are down has no reason in it."""
        if error.code() == KafkaError._ALL_BROKERS_DOWN:
            self.all_down = True
        else:
            self.last = error

    def require_kafka_topic(
        self, client: Producer | Consumer, servers: str, kafka_topic: str
    ) -> int:
        """Return the number of partitions of `kafka_topic`.

        Raises ConfigurationError when no broker answers in time or the Kafka topic is missing.
        """
        partitions = self._partitions(client, servers)
        if not partitions.get(kafka_topic):
            raise ConfigurationError(_missing(kafka_topic, partitions, servers))
        return partitions[kafka_topic]

    def _partitions(self, client: Producer | Consumer, servers: str) -> dict[str, int]:
        """The number of partitions of every Kafka topic, once a broker answers."""
        deadline = time.monotonic() + CONNECT_TIMEOUT_S
        while True:
            try:
                topics = client.list_topics(timeout=1.0).topics
            except KafkaException as error:
                client.poll(0)
                cause = self.last or error.args[0]
                if time.monotonic() > deadline or cause.code() in _HOPELESS:
                    raise ConfigurationError(
                        f"no Kafka broker answers at {servers} ({cause.str()}): "
                        "check --bootstrap-servers or the configuration, and that it runs"
                    ) from None
            else:
                return {name: len(topic.partitions) for name, topic in topics.items()}


def quiet(settings: dict[str, str], reachability: Reachability) -> dict[str, Any]:
    """Settings of a client that writes no log of its own to the terminal."""
    logger = logging.getLogger("rolestream.kafka-client")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
    return {**settings, "error_cb": reachability.note, "logger": logger}


def reader_settings(
    settings: dict[str, str], reachability: Reachability, group: str | None = None
) -> dict[str, Any]:
    """Settings of a consumer that commits nothing by itself; without `group` it joins none."""
    return {
        **quiet(settings, reachability),
        "group.id": group or f"rolestream-reader-{uuid.uuid4()}",
        "enable.auto.commit": False,
        "enable.partition.eof": True,
        "auto.offset.reset": "earliest",
        # The embedded broker lets a group wait for as long as this.
        "session.timeout.ms": 6000,
        # The end of a partition is told only when a fetch comes back empty.
        "fetch.wait.max.ms": 100,
    }


def _missing(kafka_topic: str, existing: Iterable[str], servers: str) -> str:
    prefix = kafka_topic.split("-", 1)[0] + "-"
    others = sorted(name for name in existing if name.startswith(prefix))
    there = f"there are {', '.join(others)}" if others else f"there is no {prefix}... at all"
    return (
        f"no Kafka topic {kafka_topic} on {servers}, {there}: check --domain, "
        "or create it with: rolestream topics create"
    )
