"""A change that old and new processes do not both understand is named; a harmless one is not."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from schemas.base import ONLY_WHERE_USED
from schemas.contracts import published
from schemas.contracts.compatibility import breaking_changes


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: str | None = None
    size: int = 0


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    inner: Inner
    many: list[Inner] = []


class Open(BaseModel):
    name: str


CLOSED, OPEN = Closed.model_json_schema(), Open.model_json_schema()


def changed(schema: dict[str, Any], change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    new = copy.deepcopy(schema)
    change(new)
    return new


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda s: s["properties"].pop("name"), "name: is gone"),
        (lambda s: s["properties"].update(extra={"type": "string"}), "extra: is new"),
        (lambda s: s["properties"]["name"].update(type="integer"), "name: type was 'string'"),
        (lambda s: s["properties"]["name"].update(maxLength=5), "name: maxLength was None"),
        (lambda s: s["required"].append("many"), "required was"),
        (lambda s: s["$defs"]["Inner"]["properties"].pop("size"), "inner.size: is gone"),
        (
            lambda s: s["$defs"]["Inner"]["properties"]["kind"].update(anyOf=[{"type": "string"}]),
            "inner.kind: anyOf was",
        ),
    ],
)
def test_breaking_changes_of_a_closed_object_are_named(
    change: Callable[[dict[str, Any]], object], says: str
) -> None:
    problems = breaking_changes(CLOSED, changed(CLOSED, change))
    assert any(says in line for line in problems), problems


@pytest.mark.parametrize(
    "change",
    [
        lambda s: None,
        lambda s: s.update(description="said better"),
        lambda s: s["properties"]["name"].update(title="Name of it"),
        lambda s: s["required"].reverse(),
    ],
)
def test_what_changes_no_message_breaks_nothing(
    change: Callable[[dict[str, Any]], object],
) -> None:
    assert breaking_changes(CLOSED, changed(CLOSED, change)) == []


def test_a_closed_object_may_gain_what_is_written_only_where_it_is_used() -> None:
    extra = {"type": "string", ONLY_WHERE_USED: True}
    grown = changed(CLOSED, lambda s: s["properties"].update(extra=extra))
    assert breaking_changes(CLOSED, grown) == []
    assert breaking_changes(CLOSED, changed(grown, lambda s: s["required"].append("extra")))


def test_an_open_object_may_gain_an_optional_field_but_no_required_one() -> None:
    grown = changed(OPEN, lambda s: s["properties"].update(extra={"type": "string"}))
    assert breaking_changes(OPEN, grown) == []
    assert breaking_changes(OPEN, changed(grown, lambda s: s["required"].append("extra")))


def test_a_model_that_contains_itself_is_compared_to_its_end() -> None:
    class Tree(BaseModel):
        branches: list["Tree"] = []

    schema = Tree.model_json_schema()
    assert breaking_changes(schema, schema) == []


def test_renewing_refuses_a_broken_message(tmp_path: Path) -> None:
    published.write(tmp_path)
    assert published.breaking(tmp_path) == []
    path = tmp_path / "Window.schema.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"lang"', '"tongue"'), "utf-8")
    assert "Window.tongue: is gone" in published.breaking(tmp_path)
    assert published.stale(tmp_path) == ["Window.schema.json"]
    (tmp_path / "Lost.schema.json").write_text("{}", "utf-8")
    assert "Lost: the message is gone" in published.breaking(tmp_path)
