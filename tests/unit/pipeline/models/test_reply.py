"""Whatever an endpoint sends is a text, or a ValueError; never another exception."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat import ChatCompletion

from pipeline.models.reply import TokenCounts, read_reply

USAGE = {"prompt_tokens": 50, "completion_tokens": 7}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["message", "content", "prompt_tokens", "cached_tokens"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)


def reply(choices: Any = None, usage: Any = None) -> ChatCompletion:
    """As the openai client builds it: without checking."""
    return ChatCompletion.construct(
        id="x", created=1, model="m", object="chat.completion", choices=choices, usage=usage
    )


def saying(content: Any) -> list[Any]:
    return [{"index": 0, "finish_reason": "stop", "message": {"content": content}}]


def test_the_text_and_the_count_are_read() -> None:
    assert read_reply(reply(saying("yes"), USAGE)) == ("yes", TokenCounts(50, 0, 7))


@pytest.mark.parametrize(
    ("details", "cached"),
    [
        ({"cached_tokens": 20}, 20),
        ({"cached_tokens": None}, 0),
        ({}, 0),
        (None, 0),
        ({"cached_tokens": 999}, 50),
    ],
)
def test_cached_tokens_are_a_part_of_the_input(details: Any, cached: int) -> None:
    _, counts = read_reply(reply(saying("yes"), {**USAGE, "prompt_tokens_details": details}))
    assert counts == TokenCounts(50, cached, 7)


@pytest.mark.parametrize(
    "usage",
    [
        None,
        {},
        [],
        "50",
        {"prompt_tokens": None, "completion_tokens": None},
        {"prompt_tokens": -5, "completion_tokens": 7},
        {"prompt_tokens": 5.5, "completion_tokens": 7},
        {"prompt_tokens": "many", "completion_tokens": 7},
        {**USAGE, "prompt_tokens_details": {"cached_tokens": "some"}},
    ],
)
def test_a_count_that_cannot_be_is_no_count(usage: Any) -> None:
    assert read_reply(reply(saying("yes"), usage)) == ("yes", None)


@pytest.mark.parametrize(
    "choices", [saying(None), [{"index": 0, "message": {}}], [], None, saying("")]
)
def test_a_bill_without_a_text_is_an_empty_answer(choices: Any) -> None:
    assert read_reply(reply(choices, USAGE)) == ("", TokenCounts(50, 0, 7))


@pytest.mark.parametrize(
    "value",
    [
        None,
        "<html>Log in</html>",
        [],
        {},
        {"error": {"message": "no"}},
        reply(),
        reply([]),
        reply("yes", USAGE),
        reply([None], USAGE),
        reply([{"index": 0, "message": None}], USAGE),
        reply(saying(["yes"]), USAGE),
        reply(saying(7), USAGE),
    ],
)
def test_what_is_no_completion_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="no completion"):
        read_reply(value)


@given(JSON, JSON)
def test_nothing_else_is_ever_raised(choices: object, usage: object) -> None:
    for value in (reply(choices, usage), reply([choices], usage), choices):
        with suppress(ValueError):
            text, counts = read_reply(value)
            assert isinstance(text, str)
            assert counts is None or counts.cached <= counts.input
