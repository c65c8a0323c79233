"""The committed copies of the contracts, and how they are renewed."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

from schemas.base import SCHEMA_VERSION
from schemas.contracts.asyncapi import asyncapi_document
from schemas.contracts.compatibility import breaking_changes
from schemas.contracts.json_schema import json_schemas

ASYNCAPI = "asyncapi.json"


def directory() -> Path:
    """Where the committed copies of this schema version lie."""
    return Path(str(files("schemas.contracts"))) / f"v{SCHEMA_VERSION}"


def generated() -> dict[str, dict[str, Any]]:
    """What the models and the catalogue say today, by file name."""
    schemas = {f"{name}.schema.json": schema for name, schema in json_schemas().items()}
    return {**schemas, ASYNCAPI: asyncapi_document()}


def text_of(document: dict[str, Any]) -> str:
    """The document as it is committed."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def stale(place: Path) -> list[str]:
    """File names in `place` that are missing, left over or other than what is generated."""
    wanted = {name: text_of(document) for name, document in generated().items()}
    found = {path.name: path.read_text(encoding="utf-8") for path in place.glob("*.json")}
    return sorted(n for n in {*wanted, *found} if wanted.get(n) != found.get(n))


def breaking(place: Path) -> list[str]:
    """What in today's messages would break users of the copies in `place`, one line each."""
    problems = []
    now = generated()
    for path in sorted(place.glob("*.schema.json")):
        name = path.name.removesuffix(".schema.json")
        if path.name not in now:
            problems.append(f"{name}: the message is gone")
            continue
        old = json.loads(path.read_text(encoding="utf-8"))
        problems += [f"{name}.{line}" for line in breaking_changes(old, now[path.name])]
    return problems


def write(place: Path) -> None:
    """Renew the copies in `place`; those of messages that are gone are removed."""
    place.mkdir(parents=True, exist_ok=True)
    documents = generated()
    for path in place.glob("*.json"):
        if path.name not in documents:
            path.unlink()
    for name, document in documents.items():
        (place / name).write_text(text_of(document), encoding="utf-8")
