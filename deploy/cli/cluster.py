"""How commands reach a Kafka cluster, and what they say when something is not there."""

import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click
from confluent_kafka import Consumer, Producer

from agents.reachability import Reachability, quiet
from agents.refusals import not_there
from pipeline.config import KafkaSettings, load_config
from pipeline.config.load import with_bootstrap_servers
from pipeline.errors import ConfigurationError

Command = TypeVar("Command", bound=Callable[..., Any])

_DOMAIN = re.compile(r"[a-z][a-z0-9-]*")


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


def require_kafka_topic(
    reachability: Reachability, client: Producer | Consumer, kafka: KafkaSettings, kafka_topic: str
) -> int:
    """The number of partitions of `kafka_topic`, its full name on the cluster.

    Raises ConfigurationError when no broker lets the client in or the Kafka topic is missing.
    """
    partitions = reachability.partitions(client, kafka)
    if not partitions.get(kafka_topic):
        raise ConfigurationError(_missing(kafka_topic, partitions, kafka))
    return partitions[kafka_topic]


def reader_settings(
    settings: Mapping[str, Any], reachability: Reachability, group: str | None = None
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


def _missing(kafka_topic: str, existing: Iterable[str], kafka: KafkaSettings) -> str:
    prefix = kafka_topic.split("-", 1)[0] + "-"
    others = sorted(name for name in existing if name.startswith(prefix))
    there = f"there are {', '.join(others)}" if others else f"there is no {prefix}... at all"
    return (
        f"no Kafka topic {kafka_topic} on {kafka.bootstrap_servers}, {there}: check --domain, "
        f"or create it with: rolestream topics create{not_there(kafka_topic, kafka)}"
    )
