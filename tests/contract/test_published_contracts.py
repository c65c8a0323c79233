"""The committed JSON Schemas and AsyncAPI document say what the code does."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from asyncapi3.models import AsyncAPI3
from jsonschema import Draft202012Validator

from schemas.catalogue import catalogue
from schemas.contracts.json_schema import ANY_DOMAIN
from schemas.contracts.published import ASYNCAPI, directory, stale

GOLDEN = sorted((Path(__file__).parent / "golden").glob("*.json"))


def committed(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((directory() / name).read_text(encoding="utf-8"))
    return document


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def test_the_committed_copies_are_those_of_the_models() -> None:
    assert stale(directory()) == [], "run: python -m schemas.contracts"


@pytest.mark.parametrize("example", GOLDEN, ids=lambda path: path.stem)
def test_golden_examples_validate_against_the_json_schema(example: Path) -> None:
    schema = committed(f"{example.stem.split('.')[0]}.schema.json")
    Draft202012Validator.check_schema(schema)
    value = json.loads(example.read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(value)
    assert not Draft202012Validator(schema).is_valid({**value, "stream_id": 7, "op": 7, "key": 7})


def test_every_message_has_a_golden_example() -> None:
    schemas = {path.name.split(".")[0] for path in directory().glob("*.schema.json")}
    assert {path.name.split(".")[0] for path in GOLDEN} == schemas


def test_the_asyncapi_document_is_valid_and_whole() -> None:
    document = committed(ASYNCAPI)
    AsyncAPI3.model_validate(document)
    for reference in references(document):
        place: Any = document
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]
    addresses = {channel["address"] for channel in document["channels"].values()}
    assert addresses == {kafka_topic.name for kafka_topic in catalogue([ANY_DOMAIN])}


def test_users_see_in_the_asyncapi_document_where_to_write_and_to_read() -> None:
    operations = committed(ASYNCAPI)["operations"]
    assert operations["receive-raw-domain"]["action"] == "receive"
    assert "send-raw-domain" not in operations
    assert operations["send-records-domain"]["channel"] == {"$ref": "#/channels/records-domain"}
    assert "receive-records-domain" not in operations
