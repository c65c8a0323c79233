"""`rolestream up`: everything on this machine, with the address of its live page."""

import os
import time
from pathlib import Path

import click

from deploy.cli.failure import told_plainly
from deploy.cli.stop_signals import Stopped, stop_signals
from deploy.cli.worker import worker
from deploy.demo.cluster import DemoCluster
from deploy.demo.summary import keep_lines
from pipeline.config.load import DEFAULT_FILE, ENV_FILE, ENV_PREFIX


@click.command()
@click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path),
    help="Configuration file; else ROLESTREAM_CONFIG, else ./rolestream.toml.",
)
@click.option("--bootstrap-servers", help="The cluster, in place of the configuration's.")
@click.option("--larger-models", is_flag=True, help="Without a configuration: two larger models.")
@click.pass_context
def up(
    context: click.Context,
    config_path: Path | None,
    bootstrap_servers: str | None,
    larger_models: bool,
) -> None:
    """Run everything on this machine until Ctrl-C, and print where to look at it.

    With a configuration: all roles and the policy against its Kafka cluster and models. Without
    one: also the embedded models and, unless --bootstrap-servers names a cluster, the embedded
    broker, which keeps everything in memory.
    """
    if config_path is not None or _configured():
        context.invoke(worker, config_path=config_path, bootstrap_servers=bootstrap_servers)
        return
    try:
        with (
            stop_signals(),
            told_plainly(),
            DemoCluster(bootstrap_servers, larger_models, report=click.echo) as cluster,
        ):
            for line in keep_lines(cluster.bootstrap_servers, cluster.config_path):
                click.echo(line)
            while True:
                cluster.check()
                time.sleep(1.0)
    except Stopped:
        raise SystemExit(0) from None


def _configured() -> bool:
    return (
        bool(os.environ.get(ENV_FILE))
        or Path(DEFAULT_FILE).exists()
        or any(name.startswith(ENV_PREFIX) for name in os.environ)
    )
