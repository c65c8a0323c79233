"""Reads domain files: the ones that ship with Rolestream and the user's own."""

import re
import tomllib
from collections.abc import Iterable
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.domains.definition import Attribute, Category, CueSet, Domain, SubjectGuide
from pipeline.errors import ConfigurationError
from schemas.catalogue import catalogue

_PROMPT_ROLES = ("topic_finder", "topic_locator", "relationship_checker", "content_organizer")


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Subject(_Table):
    noun: dict[str, str]
    description: dict[str, str] = Field(default_factory=dict)


class _Attribute(_Table):
    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    description: dict[str, str] = Field(default_factory=dict)


class _Cues(_Table):
    cues: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    examples: dict[str, tuple[str, ...]] = Field(default_factory=dict)


class _Category(_Cues):
    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    description: dict[str, str] = Field(default_factory=dict)
    opens: bool = False
    aside: bool = False


class _DomainFile(_Table):
    name: str = Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=60)
    languages: tuple[str, ...] = Field(min_length=1)
    subject: _Subject
    attributes: tuple[_Attribute, ...] = ()
    categories: tuple[_Category, ...] = Field(min_length=1)
    filler: _Cues = _Cues()
    transitions: _Cues = _Cues()
    prompts: dict[str, dict[str, str]] = Field(default_factory=dict)


def load_domains(paths: Iterable[Path] = ()) -> dict[str, Domain]:
    """The built-in domains and those of `paths`, by name; a file may replace a built-in one.

    Raises ConfigurationError with the file and the key that is wrong.
    """
    domains: dict[str, Domain] = {}
    folder = resources.files("pipeline.domains")
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if entry.name.endswith(".toml"):
            domain = _parse(entry.read_text(encoding="utf-8"), entry.name)
            domains[domain.name] = domain
    for path in paths:
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise ConfigurationError(
                f"cannot read the domain file {path}: {error.strerror}"
            ) from None
        except UnicodeDecodeError:
            raise ConfigurationError(f"{path} is not UTF-8 text; save it as UTF-8") from None
        domain = _parse(text, str(path))
        domains[domain.name] = domain
    return domains


def select_domains(domains: dict[str, Domain], enabled: Iterable[str]) -> dict[str, Domain]:
    """The `enabled` ones of `domains`, all if none is named.

    Raises ConfigurationError for a name that no file declares.
    """
    names = tuple(enabled) or tuple(domains)
    for name in names:
        if name not in domains:
            raise ConfigurationError(
                f"unknown domain {name!r}; declared are {', '.join(sorted(domains))} "
                "(add its file to domains.files)"
            )
    return {name: domains[name] for name in names}


def _parse(text: str, source: str) -> Domain:
    try:
        raw: dict[str, Any] = tomllib.loads(text)
        file = _DomainFile.model_validate(raw)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{source} is not valid TOML: {error}") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        raise ConfigurationError(f"{source}: {where}: {first['msg']}") from None
    _check(file, source)
    return Domain(
        name=file.name,
        languages=file.languages,
        subject=SubjectGuide(file.subject.noun, file.subject.description),
        attributes=tuple(Attribute(item.name, item.description) for item in file.attributes),
        categories=tuple(
            Category(item.name, item.description, item.cues, item.examples, item.opens, item.aside)
            for item in file.categories
        ),
        filler=CueSet(file.filler.cues, file.filler.examples),
        transitions=file.transitions.cues,
        prompts=file.prompts,
    )


def _check(file: _DomainFile, source: str) -> None:
    if len({topic.name for topic in catalogue([file.name])}) < len(catalogue([file.name])):
        raise ConfigurationError(
            f"{source}: name: {file.name!r} would take a Kafka topic of Rolestream's own; "
            "choose another"
        )
    for kind, declared in (("category", file.categories), ("attribute", file.attributes)):
        names = [item.name for item in declared]
        for name in names:
            if names.count(name) > 1:
                raise ConfigurationError(f"{source}: the {kind} {name!r} is declared twice")
    for role in file.prompts:
        if role not in _PROMPT_ROLES:
            raise ConfigurationError(
                f"{source}: prompts.{role}: no such role; prompts are for "
                f"{', '.join(_PROMPT_ROLES)}"
            )
    groups = [file.filler.cues, file.transitions.cues, *(item.cues for item in file.categories)]
    for group in groups:
        for lang, patterns in group.items():
            for pattern in patterns:
                try:
                    re.compile(pattern)
                except re.error as error:
                    raise ConfigurationError(
                        f"{source}: cue {pattern!r} ({lang}) is not a regular expression: {error}"
                    ) from None
