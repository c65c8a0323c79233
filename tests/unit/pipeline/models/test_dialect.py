"""What is learned of an endpoint from its refusals."""

import pytest

from pipeline.models.dialect import Dialect
from tests.in_memory_models import arm

SCHEMA = {"type": "object"}


def test_a_request_is_streamed_with_its_count_and_as_structured_as_declared() -> None:
    full = Dialect.declared(arm("a")).parameters(SCHEMA, 100)
    assert full["response_format"]["json_schema"]["schema"] == SCHEMA
    assert (full["max_tokens"], full["temperature"], full["stream"]) == (100, 0.0, True)
    assert full["stream_options"] == {"include_usage": True}
    plain = Dialect.declared(arm("a", structured="json_object")).parameters(SCHEMA, 100)
    assert plain["response_format"] == {"type": "json_object"}
    assert "response_format" not in Dialect("none").parameters(SCHEMA, 100)


@pytest.mark.parametrize(
    ("said", "gone"),
    [
        ("Unsupported parameter: use 'max_completion_tokens' instead", "max_tokens"),
        ("temperature does not support 0.0 with this model", "temperature"),
        ("unknown field stream_options", "stream_options"),
        ("streaming is not supported", "stream"),
    ],
)
def test_what_the_endpoint_names_is_left_out_or_called_otherwise(said: str, gone: str) -> None:
    other = Dialect("json_schema").after_refusal(said)
    assert other is not None
    assert gone not in other.parameters(SCHEMA, 100)
    assert other.structured == "json_schema"
    assert other.after_refusal(said) is None or gone == "stream_options"


def test_a_declared_structure_is_not_given_up() -> None:
    assert Dialect.declared(arm("a")).after_refusal("response_format is not supported") is None


def test_on_auto_the_structure_steps_down_until_a_request_is_answered() -> None:
    first = Dialect.declared(arm("a", structured="auto"))
    second = first.after_refusal("response_format json_schema is not supported")
    assert second is not None
    assert second.parameters(SCHEMA, 1)["response_format"] == {"type": "json_object"}
    third = second.after_refusal("bad request")
    assert third is not None
    assert "response_format" not in third.parameters(SCHEMA, 1)
    assert third.after_refusal("bad request") is None
    assert second.proved().after_refusal("bad request") is None
