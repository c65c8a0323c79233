"""One suite for every message: what is written today can be read by everyone, tomorrow too.

`golden/<Model>[.<case>].json` is one example a message; a change that breaks it breaks consumers.
"""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from schemas.answers import LoggedAnswer, place_of
from schemas.catalogue import catalogue
from schemas.codec import DecodeError, decode, encode
from schemas.messages import RawText
from tests.contract.message_strategies import MESSAGES

GOLDEN = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((Path(__file__).parent / "golden").glob("*.json"))
}
MODELS: dict[str, type[BaseModel]] = {
    topic.model.__name__: topic.model for topic in catalogue(["news"]) if topic.model is not None
}
Steps = tuple[str | int, ...]


def model_of(example: str) -> type[BaseModel]:
    return MODELS[example.split(".")[0]]


def decoded(example: str, value: Any = None) -> BaseModel:
    text = json.dumps(GOLDEN[example] if value is None else value)
    return decode(model_of(example), text.encode())


def parts(value: object, steps: Steps = ()) -> Iterator[tuple[Steps, BaseModel]]:
    """Every pydantic model inside `value` and the way to it."""
    if isinstance(value, BaseModel):
        yield steps, value
        for name in type(value).model_fields:
            yield from parts(getattr(value, name), (*steps, name))
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from parts(item, (*steps, index))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from parts(item, (*steps, key))


def changed(example: str, steps: Steps) -> tuple[Any, dict[str, Any]]:
    """A copy of the example and the object in it to which `steps` lead."""
    whole = copy.deepcopy(GOLDEN[example])
    place = whole
    for step in steps:
        place = place[step]
    return whole, place


PLACES = [(example, steps) for example in GOLDEN for steps, _ in parts(decoded(example))]
REQUIRED = [
    (example, steps, name)
    for example in GOLDEN
    for steps, part in parts(decoded(example))
    for name, field in type(part).model_fields.items()
    if field.is_required()
]


def test_every_message_of_the_catalogue_has_an_example_and_a_strategy() -> None:
    assert {example.split(".")[0] for example in GOLDEN} == set(MODELS) == set(MESSAGES)


@pytest.mark.parametrize("example", GOLDEN)
def test_the_example_is_read_and_written_back_the_same(example: str) -> None:
    message = decoded(example)
    assert json.loads(encode(message)) == GOLDEN[example]
    assert decode(model_of(example), encode(message)) == message


@pytest.mark.parametrize(("example", "steps"), PLACES)
def test_an_unknown_field_is_refused_by_name(example: str, steps: Steps) -> None:
    whole, place = changed(example, steps)
    place["surprise"] = 1
    if model_of(example) is RawText:
        assert decoded(example, whole) == decoded(example)
        return
    with pytest.raises(DecodeError, match="surprise: Extra inputs are not permitted") as caught:
        decoded(example, whole)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(("example", "steps", "name"), REQUIRED)
def test_a_missing_field_is_one_line_that_names_it(example: str, steps: Steps, name: str) -> None:
    whole, place = changed(example, steps)
    del place[name]
    with pytest.raises(DecodeError) as caught:
        decoded(example, whole)
    where = ".".join(str(step) for step in (*steps, name))
    assert str(caught.value) == f"{model_of(example).__name__}: {where}: Field required"


@pytest.mark.parametrize("example", [name for name in GOLDEN if name != "RawText"])
def test_another_schema_version_is_refused(example: str) -> None:
    with pytest.raises(DecodeError, match="schema_version"):
        decoded(example, {**GOLDEN[example], "schema_version": 2})


@pytest.mark.parametrize("example", [name for name in GOLDEN if name != "RawText"])
def test_a_message_without_its_schema_version_is_of_the_first(example: str) -> None:
    value = {key: item for key, item in GOLDEN[example].items() if key != "schema_version"}
    assert decoded(example, value) == decoded(example)


@pytest.mark.parametrize("name", MESSAGES)
@settings(max_examples=25)
@given(data=st.data())
def test_any_legal_message_survives_the_round_trip(name: str, data: st.DataObject) -> None:
    message = data.draw(MESSAGES[name])
    assert decode(MODELS[name], encode(message)) == message


def test_a_logged_answer_knows_its_key() -> None:
    answer = decoded("LoggedAnswer")
    assert isinstance(answer, LoggedAnswer)
    place = place_of(answer.key)
    assert answer.key.endswith("|evening-show")
    assert (place.window_id, place.role, place.model) == (
        answer.window_id,
        "topic_locator",
        "small-llm",
    )
    assert (place.prompt_version, place.input_digest) == (
        answer.prompt_version,
        answer.input_digest,
    )
    assert not place.is_judgment
