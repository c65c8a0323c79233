"""`rolestream status`: which model serves which role in which domain, as Kafka has it now."""

import json
from pathlib import Path

import click
from confluent_kafka import Consumer, TopicPartition

from deploy.cli.cluster import Reachability, cluster_options, kafka_settings, reader_settings
from deploy.cli.failure import told_plainly
from pipeline.config import KafkaSettings
from schemas.catalogue import ROLE_ASSIGNMENTS
from schemas.codec import DecodeError, decode
from schemas.rewards import RoleAssignment

_POLL_S = 5.0


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@cluster_options
def status(bootstrap_servers: str | None, config_path: Path | None, as_json: bool) -> None:
    """Print the current role assignments."""
    with told_plainly():
        current = read_role_assignments(kafka_settings(bootstrap_servers, config_path))
    if as_json:
        click.echo(json.dumps([item.model_dump(mode="json") for item in current]))
        return
    for item in current:
        mix = ", ".join(f"{share.model} {share.probability:.0%}" for share in item.mix)
        click.echo(f"{item.domain:12} {item.role.value:22} {item.primary:18} ({mix}) {item.reason}")
    if not current:
        click.echo("no policy has published a role assignment yet")


def read_role_assignments(kafka: KafkaSettings) -> list[RoleAssignment]:
    """The last assignment of each (domain, role). Raises ConfigurationError without a cluster."""
    reachability = Reachability()
    consumer = Consumer(reader_settings(kafka.client_settings(), reachability))
    name = kafka.named(ROLE_ASSIGNMENTS)
    try:
        partitions = reachability.require_kafka_topic(consumer, kafka.bootstrap_servers, name)
        consumer.assign([TopicPartition(name, partition, 0) for partition in range(partitions)])
        latest: dict[str, RoleAssignment] = {}
        ended = 0
        while ended < partitions:
            message = consumer.poll(_POLL_S)
            if message is None or message.error() is not None:
                ended += 1
                continue
            try:
                item = decode(RoleAssignment, message.value())
            except DecodeError as error:
                click.echo(f"skipped a role assignment that cannot be read: {error}", err=True)
                continue
            latest[f"{item.domain}|{item.role.value}"] = item
        return [latest[key] for key in sorted(latest)]
    finally:
        consumer.close()
