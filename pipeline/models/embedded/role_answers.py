"""The answers of the four model roles as values, and their JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class FoundSubject:
    """A subject with the words the text uses for it; attribute values are null if not said."""

    name: str
    aliases: tuple[str, ...] = ()
    attributes: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SubjectSpan:
    """A stretch of a subject by local sentence numbers, both ends included."""

    subject: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class OrganizedItem:
    """The categories of one offered sentence of one subject; none means filler."""

    subject: int
    sentence: int
    categories: tuple[str, ...]


def finder_json(subjects: Sequence[FoundSubject]) -> str:
    """The topic finder's answer."""
    rows = [
        {"name": s.name, "aliases": list(s.aliases), "attributes": dict(s.attributes)}
        for s in subjects
    ]
    return _json({"subjects": rows})


def locator_json(spans: Sequence[SubjectSpan]) -> str:
    """The topic locator's answer."""
    return _json(
        {"spans": [{"subject": s.subject, "first": s.first, "last": s.last} for s in spans]}
    )


def relationship_json(pairs: Sequence[tuple[int, int]]) -> str:
    """The relationship checker's answer."""
    return _json({"same": [list(pair) for pair in pairs]})


def organizer_json(items: Sequence[OrganizedItem]) -> str:
    """The content organizer's answer."""
    rows = [
        {"subject": i.subject, "id": i.sentence, "categories": list(i.categories)} for i in items
    ]
    return _json({"items": rows})


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
