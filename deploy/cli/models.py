"""`rolestream models`: lists, checks and changes the pool, and serves the embedded models."""

import asyncio
import json
import signal
from pathlib import Path

import click

from deploy.cli.cluster import cluster_options
from deploy.cli.declared_models import declared_or_configured
from deploy.cli.failure import told_plainly
from deploy.cli.model_changes import add, reprice, reset, retire
from deploy.cli.model_check import check
from pipeline.config import load_config
from pipeline.config.load import with_bootstrap_servers
from pipeline.domains import load_domains
from pipeline.errors import ConfigurationError


@click.group()
def models() -> None:
    """The pool of models."""


for command in (add, check, reprice, reset, retire):
    models.add_command(command)


@models.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@cluster_options
def list_models(as_json: bool, bootstrap_servers: str | None, config_path: Path | None) -> None:
    """Print the arms: the configuration's, and what was changed since.

    Without a cluster that answers, only the configuration's are known, and a line says so.
    """
    with told_plainly():
        config = with_bootstrap_servers(load_config(config_path), bootstrap_servers)
        declared = declared_or_configured(config)
    if as_json:
        listed = [
            {**item.settings.model_dump(mode="json"), "origin": item.origin}
            for item in declared.arms()
        ]
        click.echo(json.dumps(listed))
        return
    for item in declared.arms():
        model = item.settings
        roles = ", ".join(model.roles) or "all roles"
        batches = f", batches of {model.batch_size}" if model.batch_size else ""
        click.echo(
            f"{model.name}: {model.endpoint_model} at {model.base_url}, "
            f"${model.usd_per_million_input:g} in / ${model.usd_per_million_output:g} out "
            f"per million tokens, {roles}{batches}, {item.origin}"
        )


@models.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=8091, show_default=True)
@click.option("--arms", help="Comma-separated embedded models; the quick ones if left out.")
@click.option(
    "--domains",
    "domain_files",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Further domain files.",
)
@click.option(
    "--weights",
    type=click.Path(path_type=Path),
    help="Where the weights of the larger models are kept.",
)
def serve(
    host: str, port: int, arms: str | None, domain_files: tuple[Path, ...], weights: Path | None
) -> None:
    """Serve the embedded models behind an OpenAI-compatible HTTP server."""
    with told_plainly():
        try:
            from pipeline.models.embedded.pool import DEFAULT_ARMS
            from pipeline.models.embedded.pool import serve as serve_arms
        except ImportError as error:
            raise ConfigurationError(
                f"the embedded models need {error.name}, which is missing: install rolestream with "
                "its dependencies"
            ) from None
        names = DEFAULT_ARMS if arms is None else [a.strip() for a in arms.split(",") if a.strip()]
        domains = load_domains(domain_files)

        async def until_stopped() -> None:
            stop = asyncio.Event()
            for number in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(number, stop.set)
            await serve_arms(
                host, port, names, domains, weights_folder=weights, report=click.echo, stop=stop
            )

        asyncio.run(until_stopped())
