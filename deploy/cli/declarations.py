"""Arms as the user declares them on the command line or in a TOML file."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pipeline.config import ModelSettings
from pipeline.errors import ConfigurationError, InvalidInputError
from schemas.model_declaration import JUDGE_ONLY
from schemas.roles import MODEL_ROLES

ROLE_NAMES = (*(role.value for role in MODEL_ROLES), JUDGE_ONLY)


def read_declarations(path: Path) -> tuple[ModelSettings, ...]:
    """The `[[models]]` entries of a file, or its one arm at the top level.

    Raises ConfigurationError with the file and the key that is wrong.
    """
    try:
        with path.open("rb") as file:
            values = tomllib.load(file)
    except OSError as error:
        raise ConfigurationError(f"cannot read {path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} is not valid TOML: {error}") from None
    listed = values.get("models", [values])
    if not isinstance(listed, list) or not listed or not all(isinstance(m, dict) for m in listed):
        raise ConfigurationError(f"{path}: declare arms as [[models]] entries")
    return tuple(declaration(entry, str(path)) for entry in listed)


def declaration(values: Mapping[str, Any], source: str) -> ModelSettings:
    """One arm. Raises ConfigurationError that says which key of `source` is wrong."""
    try:
        settings = ModelSettings.model_validate(dict(values))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        raise ConfigurationError(f"{source}: {where}: {first['msg']}") from None
    return with_roles(settings, settings.roles, source)


def with_roles(settings: ModelSettings, roles: tuple[str, ...], source: str) -> ModelSettings:
    """The arm for these roles, spelled with hyphens or underscores."""
    named = tuple(role.strip().replace("-", "_") for role in roles if role.strip())
    for role in named:
        if role not in ROLE_NAMES:
            raise ConfigurationError(
                f"{source}: there is no role {role!r}; choose from {', '.join(ROLE_NAMES)}"
            )
    return settings.model_copy(update={"roles": named})


def repriced(
    settings: ModelSettings, usd_input: float, usd_output: float, usd_cached: float | None
) -> ModelSettings:
    """The arm at other prices, dollars a million tokens; without `usd_cached`, cached is input."""
    try:
        return ModelSettings.model_validate(
            {
                **settings.model_dump(),
                "usd_per_million_input": usd_input,
                "usd_per_million_output": usd_output,
                "usd_per_million_cached": usd_cached,
            }
        )
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise InvalidInputError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
