"""`rolestream models add | retire | reprice | reset`: changes the pool of running workers."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from deploy.cli.cluster import cluster_options
from deploy.cli.declarations import declaration, read_declarations, repriced
from deploy.cli.declared_models import read_declared
from deploy.cli.failure import told_plainly
from deploy.cli.keyed_values import KeyedValues
from pipeline.config import Config, ModelSettings, load_config
from pipeline.config.load import with_bootstrap_servers
from pipeline.errors import ConfigurationError, InvalidInputError
from pipeline.models.declared import DeclaredModels
from schemas.arm_names import base_of, batched_name
from schemas.catalogue import MODEL_POOL
from schemas.codec import encode
from schemas.model_declaration import ModelDeclaration
from schemas.pool_change import PoolChange, PoolOperation
from schemas.roles import MODEL_ROLES

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_USD = click.FloatRange(min=0)


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--name", help="The arm's name, in place of FILE.")
@click.option("--base-url", help="Where its OpenAI-compatible endpoint is.")
@click.option("--model", help="What the endpoint calls it, if not NAME.")
@click.option("--api-key-env", help="Name of the workers' environment variable with its key.")
@click.option("--input", "usd_input", type=_USD, help="Dollars a million input tokens.")
@click.option("--output", "usd_output", type=_USD, help="Dollars a million output tokens.")
@click.option("--cached", "usd_cached", type=_USD, help="Dollars a million cached input tokens.")
@click.option("--context-tokens", type=int, help="How much it can read at once.")
@click.option("--roles", help="Comma-separated roles it may be given; all if left out.")
@click.option("--prior-quality", type=click.FloatRange(0, 1), help="What is expected of it.")
@click.option(
    "--batch-subjects",
    help="Comma-separated numbers of subjects a call asks about; 0 is all, further ones are arms.",
)
@click.option("--replace", is_flag=True, help="Declare an arm anew that is in the pool.")
@_JSON
@cluster_options
def add(
    file: Path | None,
    name: str | None,
    base_url: str | None,
    model: str | None,
    api_key_env: str | None,
    usd_input: float | None,
    usd_output: float | None,
    usd_cached: float | None,
    context_tokens: int | None,
    roles: str | None,
    prior_quality: float | None,
    batch_subjects: str | None,
    replace: bool,
    as_json: bool,
    bootstrap_servers: str | None,
    config_path: Path | None,
) -> None:
    """Add arms to the pool: those of FILE ([[models]] entries), or the one the options declare."""
    options = {
        "name": name,
        "base_url": base_url,
        "model": model,
        "api_key_env": api_key_env,
        "usd_per_million_input": usd_input,
        "usd_per_million_output": usd_output,
        "usd_per_million_cached": usd_cached,
        "context_tokens": context_tokens,
        "roles": None if roles is None else tuple(roles.split(",")),
        "prior_quality": prior_quality,
        "batch_subjects": None if batch_subjects is None else tuple(batch_subjects.split(",")),
    }
    with told_plainly():
        new = _new_arms(file, {key: value for key, value in options.items() if value is not None})
        config = _config(config_path, bootstrap_servers)
        declared = read_declared(config)
        for settings in new:
            known = declared.get(settings.name)
            if known is not None and known.live and not replace:
                raise ConfigurationError(
                    f"{settings.name} is in the pool; use reprice or retire, or add --replace"
                )
        _write(config, PoolOperation.ADD, new, as_json)


@click.command()
@click.argument("name")
@_JSON
@cluster_options
def retire(
    name: str, as_json: bool, bootstrap_servers: str | None, config_path: Path | None
) -> None:
    """Take the arm NAME out of the pool; what is under way ends as it began."""
    with told_plainly():
        config = _config(config_path, bootstrap_servers)
        declared = read_declared(config)
        settings = _live(declared, name)
        others = [model for model in declared.live() if model.name != name]
        for role in MODEL_ROLES:
            if not any(model.serves(role.value) for model in others):
                raise ConfigurationError(
                    f"{name} is the last arm that serves {role.value}; add another one first"
                )
        _write(config, PoolOperation.RETIRE, [settings], as_json)


@click.command()
@click.argument("name")
@click.option("--input", "usd_input", type=_USD, required=True, help="Dollars a million tokens.")
@click.option("--output", "usd_output", type=_USD, required=True, help="Dollars a million tokens.")
@click.option("--cached", "usd_cached", type=_USD, help="Dollars a million; as input if left out.")
@_JSON
@cluster_options
def reprice(
    name: str,
    usd_input: float,
    usd_output: float,
    usd_cached: float | None,
    as_json: bool,
    bootstrap_servers: str | None,
    config_path: Path | None,
) -> None:
    """Change the prices of the arm NAME; calls that have begun are charged the old ones."""
    with told_plainly():
        config = _config(config_path, bootstrap_servers)
        settings = _live(read_declared(config), name)
        new = repriced(settings, usd_input, usd_output, usd_cached)
        _write(config, PoolOperation.REPRICE, [new], as_json)


@click.command()
@click.argument("name")
@_JSON
@cluster_options
def reset(
    name: str, as_json: bool, bootstrap_servers: str | None, config_path: Path | None
) -> None:
    """Forget all changes of the arm NAME: what the configuration says of it holds again."""
    with told_plainly():
        config = _config(config_path, bootstrap_servers)
        known = read_declared(config).get(name)
        if known is None or known.origin == "configured":
            raise ConfigurationError(f"the arm {name} has not been changed")
        KeyedValues(config.kafka, MODEL_POOL).write({name: None})
    click.echo(json.dumps([{"operation": "reset", "name": name}]) if as_json else f"reset: {name}")


def _config(config_path: Path | None, bootstrap_servers: str | None) -> Config:
    return with_bootstrap_servers(load_config(config_path), bootstrap_servers)


def _new_arms(file: Path | None, options: dict[str, Any]) -> tuple[ModelSettings, ...]:
    if file is not None:
        if options:
            raise ConfigurationError("give FILE or options that declare the arm, not both")
        return read_declarations(file)
    if "name" not in options:
        raise ConfigurationError("give a FILE with [[models]] entries, or --name and --base-url")
    return (declaration(options, "the options"),)


def _live(declared: DeclaredModels, name: str) -> ModelSettings:
    known = declared.get(name)
    if known is None and (base := base_of(name)) != name:
        raise ConfigurationError(
            f"{name} is a batch size of {base}, and goes as that goes; to change which there are, "
            "add it again with --batch-subjects and --replace"
        )
    if known is None:
        names = ", ".join(model.name for model in declared.live())
        raise ConfigurationError(f"there is no arm {name!r} in the pool; it has {names}")
    if not known.live:
        raise ConfigurationError(f"{name} is retired; add it again first")
    return known.settings


def _write(
    config: Config, operation: PoolOperation, arms: Iterable[ModelSettings], as_json: bool
) -> None:
    now = datetime.now(UTC)
    changes: list[PoolChange] = []
    for settings in arms:
        plain = settings.declaration
        try:
            changes.append(PoolChange(operation=operation, declaration=plain, at=now))
        except ValidationError as error:
            problem = error.errors(include_url=False, include_input=False)[0]["msg"]
            raise InvalidInputError(f"{settings.name}: {problem}") from None
    values = {change.declaration.name: encode(change) for change in changes}
    KeyedValues(config.kafka, MODEL_POOL).write(values)
    if as_json:
        click.echo(json.dumps([change.model_dump(mode="json") for change in changes]))
        return
    for change in changes:
        arm = change.declaration
        click.echo(
            f"{operation.value}: {arm.name}, ${arm.usd_per_million_input:g} in / "
            f"${arm.usd_per_million_output:g} out per million tokens{_batches(arm)}"
        )


def _batches(arm: ModelDeclaration) -> str:
    further = [batched_name(arm.name, size) for size in arm.batch_subjects[1:]]
    return f"; with {', '.join(further)}" if further else ""
