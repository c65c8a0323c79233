"""`rolestream consume`: prints the categorised records of a domain."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import click
from confluent_kafka import Consumer
from rich.console import Console
from rich.text import Text

from agents.reachability import Reachability
from agents.refusals import not_done
from deploy.cli.cluster import (
    checked_domain,
    cluster_options,
    kafka_settings,
    reader_settings,
    require_kafka_topic,
)
from deploy.cli.failure import told_plainly
from deploy.cli.record_reader import RecordReader
from deploy.cli.record_report import RecordReport
from deploy.cli.stop_signals import Stopped, stop_signals
from pipeline.config import KafkaSettings
from pipeline.errors import ConfigurationError
from schemas.catalogue import records_kafka_topic


@click.command()
@click.option("--domain", required=True, help="Domain whose Kafka topic, records-DOMAIN, is read.")
@click.option("--category", help="Only records of this category.")
@click.option("--stream", "stream_id", help="Only records of this stream.")
@click.option("--follow", is_flag=True, help="Go on and print each revision as it comes.")
@click.option(
    "--from-beginning/--from-end",
    default=True,
    help="Begin with what is there (default) or, with --follow, with what comes.",
)
@click.option("--group", help="Consumer group that remembers how far it read; none if left out.")
@click.option("--json", "as_json", is_flag=True, help="Print records as JSON lines.")
@cluster_options
def consume(
    domain: str,
    category: str | None,
    stream_id: str | None,
    follow: bool,
    from_beginning: bool,
    group: str | None,
    as_json: bool,
    bootstrap_servers: str | None,
    config_path: Path | None,
) -> None:
    """Print the categorised records of a domain, each record once.

    Without --follow, everything up to the end of the Kafka topic is read and the last revision of
    each record printed; deleted ones are left out. With --follow, each revision is printed as it
    comes, corrections and deletions are marked, and repeated ones left out.

    Exit status: 0 done, 1 the brokers fell silent, 2 a mistake in the options.
    """
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    report = RecordReport(category, stream_id, as_json=as_json, errors=console)
    with told_plainly():
        domain = checked_domain(domain)
        if not (from_beginning or follow):
            raise ConfigurationError("--from-end reads only what comes: add --follow")
        kafka = kafka_settings(bootstrap_servers, config_path)
        kafka_topic = kafka.named(records_kafka_topic(domain))
        with _reader(kafka, kafka_topic, group, from_beginning=from_beginning) as reader:
            try:
                with stop_signals():
                    _run(reader, report, follow=follow)
            except Stopped as stopped:
                if not follow:
                    console.print(Text(f"stopped by {stopped}: nothing was printed"))
                    sys.exit(stopped.exit_status)
            finally:
                if follow:
                    reader.commit(at_once=True)
    report.summarize()


@contextmanager
def _reader(
    kafka: KafkaSettings, kafka_topic: str, group: str | None, *, from_beginning: bool
) -> Iterator[RecordReader]:
    reachability = Reachability()
    read_settings = reader_settings(kafka.client_settings(), reachability, group)
    probe = Consumer(read_settings)
    try:
        partitions = require_kafka_topic(reachability, probe, kafka, kafka_topic)
    finally:
        probe.close()
    reader = RecordReader(
        read_settings,
        kafka_topic,
        partitions,
        reachability,
        in_group=group is not None,
        from_beginning=from_beginning,
        refusal=partial(not_done, kafka=kafka),
    )
    try:
        yield reader
    finally:
        reader.close()


def _run(reader: RecordReader, report: RecordReport, *, follow: bool) -> None:
    for item in reader.read(follow=follow):
        if item is None:
            report.brokers_down(reader.brokers_down)
        elif follow:
            report.print_revision(item)
        else:
            report.keep(item)
        if follow:
            reader.commit()
    if not follow:
        report.print_final()
        reader.commit(at_once=True)
