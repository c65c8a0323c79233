"""Recorded outcomes: what each model did with each item in each role."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from pipeline.errors import InvalidInputError

PIPELINE_ORDER = (
    "chunk_splitter",
    "topic_finder",
    "topic_locator",
    "relationship_checker",
    "content_organizer",
    "format_checker",
)


class Line(NamedTuple):
    """What one model did with one item in one role; `latency_s`, `reward` None if not recorded."""

    quality: float
    success: bool
    cost_usd: float
    latency_s: float | None
    reward: float | None


@dataclass(frozen=True, slots=True)
class Item:
    """One item: its segment, and per role the lines by model, roles in the order of the flow."""

    name: str
    segment: str
    roles: tuple[tuple[str, dict[str, Line]], ...]


@dataclass(frozen=True, slots=True)
class OutcomeTable:
    """All items in the order of the file, the models, their mean cost, and who plays what."""

    items: tuple[Item, ...]
    mean_cost_usd: dict[str, float]
    roles_of: dict[str, frozenset[str]]

    @property
    def models(self) -> tuple[str, ...]:
        """Model names, cheapest first."""
        return tuple(sorted(self.mean_cost_usd, key=lambda m: (self.mean_cost_usd[m], m)))

    @property
    def roles(self) -> tuple[str, ...]:
        """Role names, in the order of the flow, others as they come in the file."""
        seen = dict.fromkeys(role for item in self.items for role, _ in item.roles)
        return tuple(sorted(seen, key=_place))


def _place(role: str) -> int:
    return PIPELINE_ORDER.index(role) if role in PIPELINE_ORDER else len(PIPELINE_ORDER)


def read_table(path: Path) -> OutcomeTable:
    """Read a JSON-lines file; InvalidInputError names the line and what is wrong with it."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InvalidInputError(f"cannot read {path}: {error.strerror}") from None
    rows = []
    for number, text in enumerate(data.splitlines(), start=1):
        if not text.strip():
            continue
        try:
            rows.append(_row(orjson.loads(text)))
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
            raise InvalidInputError(
                f"{path}, line {number}: not an outcome "
                f"(item, role, segment, model, quality, success, cost_usd, latency_s): {error}"
            ) from None
    if not rows:
        raise InvalidInputError(f"{path} has no outcomes")
    return build_table(rows)


Row = tuple[str, str, str, str, Line]
"""(item, role, segment, model, line)."""


def _row(fields: dict[str, Any]) -> Row:
    quality, cost = float(fields["quality"]), float(fields["cost_usd"])
    if not 0.0 <= quality <= 1.0:
        raise ValueError(f"quality {quality} is not in 0..1")
    if cost < 0.0:
        raise ValueError(f"cost_usd {cost} is negative")
    latency, reward = fields.get("latency_s"), fields.get("reward")
    line = Line(
        quality,
        bool(fields["success"]),
        cost,
        None if latency is None else float(latency),
        None if reward is None else float(reward),
    )
    segment = fields.get("segment")
    return (
        str(fields["item"]),
        str(fields["role"]),
        "" if segment is None else str(segment),
        str(fields["model"]),
        line,
    )


def build_table(rows: Iterable[Row]) -> OutcomeTable:
    """Group rows by item and role; a later line of the same cell replaces the earlier."""
    by_item: dict[str, dict[str, dict[str, Line]]] = {}
    segments: dict[str, str] = {}
    costs: dict[str, list[float]] = {}
    roles_of: dict[str, set[str]] = {}
    for item, role, segment, model, line in rows:
        by_item.setdefault(item, {}).setdefault(role, {})[model] = line
        segments[item] = segment
        costs.setdefault(model, []).append(line.cost_usd)
        roles_of.setdefault(model, set()).add(role)
    items = tuple(
        Item(name, segments[name], tuple(sorted(roles.items(), key=lambda kv: _place(kv[0]))))
        for name, roles in by_item.items()
    )
    return OutcomeTable(
        items,
        {model: sum(values) / len(values) for model, values in costs.items()},
        {model: frozenset(roles) for model, roles in roles_of.items()},
    )
