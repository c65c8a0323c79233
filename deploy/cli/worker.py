"""`rolestream worker`: runs roles until it is told to stop."""

import asyncio
import logging
import signal
from pathlib import Path

import click
from aiokafka.errors import KafkaError

from agents.kafka_topics import create_kafka_topics
from agents.permissions import require_cluster, require_permissions
from agents.traces import start_traces
from agents.watchdog import EXIT_STATUS, StandstillError
from agents.worker import Parts, build, chosen_roles, domains_of, needs_of, run
from deploy.cli.failure import Failure, told_plainly
from pipeline.clock import SystemClock
from pipeline.config import Config, load_config
from pipeline.config.load import with_bootstrap_servers
from pipeline.errors import RetryableError


@click.command()
@click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path),
    help="Configuration file; else ROLESTREAM_CONFIG, else ./rolestream.toml.",
)
@click.option("--bootstrap-servers", help="The cluster, in place of the configuration's.")
@click.option("--roles", help="Comma-separated roles, all if left out (also: policy).")
@click.option(
    "--create-topics/--no-create-topics",
    default=True,
    help="Create missing Kafka topics at the start.",
)
@click.option("--verbose", is_flag=True, help="Log what happens to standard error.")
def worker(
    config_path: Path | None,
    bootstrap_servers: str | None,
    roles: str | None,
    create_topics: bool,
    verbose: bool,
) -> None:
    """Run the roles of Online Long-context Processing, and the policy that assigns their models.

    A worker that comes to a standstill ends with status 75 and is to be started again.
    """
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
    )
    for noisy in ("faust", "mode", "aiokafka", "httpx"):
        logging.getLogger(noisy).setLevel(logging.INFO if verbose else logging.ERROR)
    with told_plainly():
        config = with_bootstrap_servers(load_config(config_path), bootstrap_servers)
        chosen = chosen_roles(roles)
        if create_topics:
            create_kafka_topics(config.kafka, domains_of(config), config.state)

        async def serve() -> None:
            stop = asyncio.Event()
            loop = asyncio.get_running_loop()
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, stop.set)
            parts = build(config, chosen, SystemClock())
            # After all that can be found wrong without a broker.
            await asyncio.to_thread(_require_access, config, chosen)
            await run(parts, stop, ready=lambda: announce(parts, chosen))

        end_traces = start_traces("rolestream-worker")
        try:
            asyncio.run(serve())
        except StandstillError as error:
            failure = Failure(f"{error}; ending to be started afresh")
            failure.exit_code = EXIT_STATUS
            raise failure from None
        except KafkaError as error:
            raise RetryableError(f"Kafka: {error!r}") from error
        finally:
            end_traces()


def _require_access(config: Config, roles: tuple[str, ...]) -> None:
    if config.kafka.security_protocol == "PLAINTEXT":
        require_cluster(config.kafka)
    else:
        require_permissions(config.kafka, needs_of(config, roles))


def announce(parts: Parts, chosen: tuple[str, ...]) -> None:
    """Say where the process can be looked at, and that it is ready."""
    if parts.web is not None:
        page = ", live page" if parts.web.has_page else ""
        click.echo(f"web: {parts.web.address} (metrics, healthz, readyz{page})")
    click.echo(f"ready: {', '.join(chosen)}")
