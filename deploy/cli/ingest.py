"""`rolestream ingest`: serves the HTTP way in until it is stopped."""

import asyncio
import signal
from pathlib import Path

import click
from aiohttp import web

from agents.reachability import Reachability, quiet
from agents.web.access import Access
from deploy.cli.cluster import (
    checked_domain,
    cluster_options,
    kafka_settings,
    require_kafka_topic,
)
from deploy.cli.failure import told_plainly
from deploy.ingest.endpoint.app import Ingest
from deploy.ingest.endpoint.publisher import KafkaPublisher
from pipeline.config import KafkaSettings, WebSettings
from pipeline.errors import ConfigurationError
from schemas.catalogue import raw_kafka_topic

CLOSE_S = 10.0
TOKEN_ENV = "ROLESTREAM_INGEST_TOKEN"  # noqa: S105 - the name of the variable


@click.command()
@click.option(
    "--domain",
    "domains",
    multiple=True,
    required=True,
    help="A domain to write to; of several, the first is meant where a post names none.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8020, show_default=True, type=click.IntRange(0, 65535))
@click.option(
    "--token-file", type=click.Path(path_type=Path), help=f"The token, if not in {TOKEN_ENV}."
)
@click.option(
    "--most-waiting",
    default=20_000,
    show_default=True,
    type=click.IntRange(min=1),
    help="Sentences that may wait for the broker before posts are answered with 429.",
)
@cluster_options
def ingest(
    domains: tuple[str, ...],
    host: str,
    port: int,
    token_file: Path | None,
    most_waiting: int,
    bootstrap_servers: str | None,
    config_path: Path | None,
) -> None:
    """Take sentences over HTTP: POST /v1/streams/ID/sentences?domain=DOMAIN.

    The body is {"sentences": [{"seq": 1, "text": "..."}]}; it is answered when Kafka has all of
    them. Posting the same again does no harm. On any address but this machine's own, a token is
    needed: Authorization: Bearer TOKEN.
    """
    with told_plainly():
        names = [checked_domain(domain) for domain in domains]
        access = Access.of(WebSettings(host=host, token_env=TOKEN_ENV, token_file=token_file))
        kafka = kafka_settings(bootstrap_servers, config_path)
        publisher = _publisher(kafka, names, most_waiting)
        app = Ingest(kafka, names, publisher, access).application()
        try:
            asyncio.run(_serve(app, host, port))
        finally:
            publisher.close(CLOSE_S)


def _publisher(kafka: KafkaSettings, domains: list[str], most_waiting: int) -> KafkaPublisher:
    reachability = Reachability()
    publisher = KafkaPublisher(quiet(kafka.client_settings(), reachability), most_waiting)
    for domain in domains:
        name = kafka.named(raw_kafka_topic(domain))
        require_kafka_topic(reachability, publisher.producer, kafka, name)
    return publisher


async def _serve(app: web.Application, host: str, port: int) -> None:
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=5.0)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise ConfigurationError(
                f"cannot listen on {host}:{port}: {error.strerror}; choose another --port"
            ) from None
        bound = runner.addresses[0][1]
        click.echo(f"ready: POST http://{host}:{bound}/v1/streams/ID/sentences")
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        await stop.wait()
    finally:
        await runner.cleanup()
