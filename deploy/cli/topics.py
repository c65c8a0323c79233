"""`rolestream topics`: creates, checks and describes to others the catalogue's Kafka topics."""

import json
import os
from dataclasses import asdict
from pathlib import Path

import click

from agents.kafka_topics import TopicReport, check_kafka_topics, create_kafka_topics
from agents.worker import domains_of
from deploy.cli.contract_registry import register_contracts
from deploy.cli.failure import Failure, told_plainly
from pipeline.config import Config, load_config
from pipeline.config.load import with_bootstrap_servers
from schemas.catalogue import catalogue

_CONFIG = click.option("--config", "config_path", type=click.Path(path_type=Path))
_SERVERS = click.option("--bootstrap-servers", help="The cluster, in place of the file's.")
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def topics() -> None:
    """The Kafka topics of a deployment."""


@topics.command()
@_CONFIG
@_SERVERS
@_JSON
def create(config_path: Path | None, bootstrap_servers: str | None, as_json: bool) -> None:
    """Create the Kafka topics that are missing."""
    with told_plainly():
        config = _config(config_path, bootstrap_servers)
        report = create_kafka_topics(config.kafka, domains_of(config), config.state)
    _print(report, as_json)


@topics.command()
@_CONFIG
@_SERVERS
@_JSON
def check(config_path: Path | None, bootstrap_servers: str | None, as_json: bool) -> None:
    """Compare the cluster with the catalogue; exit status 1 if something is missing."""
    with told_plainly():
        config = _config(config_path, bootstrap_servers)
        report = check_kafka_topics(config.kafka, domains_of(config))
    _print(report, as_json)
    if report.missing or report.wrong_partitions:
        raise Failure("the cluster does not fit the catalogue; see above")


@topics.command()
@_CONFIG
@click.option("--registry", "url", required=True, help="Its address: https://registry:8081")
@click.option("--ca", type=click.Path(path_type=Path), help="Certificates to trust, a file.")
@_JSON
def register(config_path: Path | None, url: str, ca: Path | None, as_json: bool) -> None:
    """Put the messages' JSON Schemas into a schema registry, as <Kafka topic>-value.

    The password is read from ROLESTREAM_REGISTRY_USER_INFO, as user:password. Messages stay plain
    JSON: consumers need no registry.
    """
    with told_plainly():
        config = load_config(config_path)
        messages = {
            config.kafka.named(topic.name): topic.model
            for topic in catalogue(domains_of(config))
            if topic.model is not None
        }
        done = register_contracts(
            url, messages, os.environ.get("ROLESTREAM_REGISTRY_USER_INFO"), ca
        )
    if as_json:
        click.echo(json.dumps([asdict(row) for row in done]))
        return
    for row in done:
        click.echo(f"{row.subject}: schema {row.schema_id}")


def _config(config_path: Path | None, bootstrap_servers: str | None) -> Config:
    return with_bootstrap_servers(load_config(config_path), bootstrap_servers)


def _print(report: TopicReport, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(asdict(report)))
        return
    for title, names in (
        ("created", report.created),
        ("found", report.found),
        ("missing", report.missing),
        ("with another partition count", report.wrong_partitions),
    ):
        if names:
            click.echo(f"{title}: {', '.join(names)}")
