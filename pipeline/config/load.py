"""Reads the configuration: a TOML file, overlaid by environment variables, checked at once."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pipeline.config.settings import Config
from pipeline.errors import ConfigurationError

ENV_PREFIX = "ROLESTREAM__"
ENV_FILE = "ROLESTREAM_CONFIG"
DEFAULT_FILE = "rolestream.toml"


def load_config(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Config:
    """Read the configuration.

    The file is `path`, else what ROLESTREAM_CONFIG names, else ./rolestream.toml if it exists.
    ROLESTREAM__KAFKA__BOOTSTRAP_SERVERS=... overrides `bootstrap_servers` of `[kafka]`, and so on.
    Raises ConfigurationError with one line that says which file and key, or which variable.
    """
    environ = os.environ if environ is None else environ
    named = path or (Path(environ[ENV_FILE]) if environ.get(ENV_FILE) else None)
    values: dict[str, Any] = {}
    source = "environment"
    if named is not None:
        values, source = _read(named), str(named)
    elif Path(DEFAULT_FILE).exists():
        values, source = _read(Path(DEFAULT_FILE)), DEFAULT_FILE
    variables = _overlay(values, environ)
    if "kafka" not in values:
        raise ConfigurationError(
            f"no configuration: give --config FILE, set {ENV_FILE}, or put {DEFAULT_FILE} here "
            f"(at least {ENV_PREFIX}KAFKA__BOOTSTRAP_SERVERS must be set)"
        )
    try:
        return Config.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        steps = tuple(str(step) for step in first["loc"])
        place = _variable(steps, variables) or f"{source}: {'.'.join(steps) or 'file'}"
        raise ConfigurationError(f"{place}: {first['msg']}") from None


def with_bootstrap_servers(config: Config, bootstrap_servers: str | None) -> Config:
    """The configuration with another cluster address, unless that is None."""
    if bootstrap_servers is None:
        return config
    kafka = config.kafka.model_copy(update={"bootstrap_servers": bootstrap_servers})
    return config.model_copy(update={"kafka": kafka})


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except OSError as error:
        raise ConfigurationError(
            f"cannot read the configuration {path}: {error.strerror}"
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path} is not valid TOML: {error}") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path} is not UTF-8 text; save it as UTF-8") from None


def _overlay(values: dict[str, Any], environ: Mapping[str, str]) -> dict[tuple[str, ...], str]:
    variables = {}
    for name in sorted(environ):
        if not name.startswith(ENV_PREFIX):
            continue
        *tables, key = name[len(ENV_PREFIX) :].lower().split("__")
        table = values
        for step in tables:
            inner = table.setdefault(step, {})
            if not isinstance(inner, dict):
                raise ConfigurationError(f"{name}: {step} is not a table of the configuration")
            table = inner
        table[key] = environ[name]
        variables[*tables, key] = name
    return variables


def _variable(steps: tuple[str, ...], variables: Mapping[tuple[str, ...], str]) -> str | None:
    for path, name in variables.items():
        shared = min(len(steps), len(path))
        if shared and steps[:shared] == path[:shared]:
            return name
    return None
