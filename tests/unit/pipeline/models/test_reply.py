"""Whatever an endpoint sends is a reply or a ValueError, and never too much of it."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.models.reply import Reply, ReplyReader, TokenCounts

USAGE = {"prompt_tokens": 50, "completion_tokens": 7}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["message", "content", "delta", "prompt_tokens", "cached_tokens"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)


def whole(choices: Any = None, usage: Any = None) -> bytes:
    return json.dumps({"id": "x", "choices": choices, "usage": usage}).encode()


def saying(content: Any, finish: str = "stop") -> list[Any]:
    return [{"index": 0, "finish_reason": finish, "message": {"content": content}}]


def event(content: str | None = None, finish: str | None = None, usage: Any = None) -> bytes:
    choices = [{"index": 0, "delta": {"content": content}, "finish_reason": finish}]
    value = {"choices": choices if content is not None or finish else [], "usage": usage}
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def read(data: bytes, most_chars: int = 1000, piece: int = 10_000) -> Reply:
    reader = ReplyReader(most_chars, 100_000)
    for start in range(0, len(data), piece):
        reader.feed(data[start : start + piece])
    return reader.end()


def test_the_text_and_the_count_are_read() -> None:
    assert read(whole(saying("yes"), USAGE)) == ("yes", TokenCounts(50, 0, 7), "stop")


@pytest.mark.parametrize("piece", [1, 3, 1000])
def test_a_streamed_answer_is_put_together_however_it_is_cut(piece: int) -> None:
    data = (
        b": a comment\n\n"
        + event("")
        + event("ye")
        + event("s", "stop")
        + event(usage=USAGE)
        + b"data: [DONE]\n\n"
    )
    for ends in (data, data.replace(b"\n", b"\r\n"), data.removesuffix(b"\n\n")):
        assert read(ends, piece=piece) == ("yes", TokenCounts(50, 0, 7), "stop")


def test_it_is_known_whether_an_answer_is_streamed_before_it_ends() -> None:
    reader = ReplyReader(1000, 1000)
    reader.feed(event("ye"))
    assert (reader.streamed, reader.text) == (True, "ye")


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
    reply = read(whole(saying("yes"), {**USAGE, "prompt_tokens_details": details}))
    assert reply.counts == TokenCounts(50, cached, 7)


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
    assert read(whole(saying("yes"), usage)) == ("yes", None, "stop")


@pytest.mark.parametrize(
    "choices", [saying(None), [{"index": 0, "message": {}}], [], None, saying("")]
)
def test_a_bill_without_a_text_is_an_empty_answer(choices: Any) -> None:
    assert read(whole(choices, USAGE)) == ("", TokenCounts(50, 0, 7), "stop")


@pytest.mark.parametrize(
    ("said", "finish"),
    [
        ({"finish_reason": "length", "message": {"content": "ye"}}, "length"),
        ({"finish_reason": "content_filter", "message": {"content": ""}}, "content_filter"),
        ({"finish_reason": "stop", "message": {"refusal": "I cannot"}}, "content_filter"),
        ({"finish_reason": "eos", "message": {"content": "yes"}}, "stop"),
        ({"message": {"content": "yes"}}, "stop"),
    ],
)
def test_why_an_answer_ends_is_kept(said: dict[str, Any], finish: str) -> None:
    assert read(whole([said], USAGE)).finish == finish


@pytest.mark.parametrize(
    "data", [whole(saying("x" * 5000)), event("x" * 5000), event("x" * 900) * 9]
)
def test_no_more_is_kept_than_allowed(data: bytes) -> None:
    assert read(data) == ("x" * 1000, None, "cut")
    reader = ReplyReader(1000, 100_000)
    reader.feed(data)
    if reader.streamed:
        assert reader.full


def test_a_reply_of_one_endless_line_is_cut_off() -> None:
    reader = ReplyReader(1000, 2000)
    for _ in range(100):
        reader.feed(b'{"choices": "' + b"x" * 100)
    assert reader.full
    assert reader.end() == ("", None, "cut")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"  \n ",
        b"<html>Log in</html>",
        b"null",
        b"[]",
        b"{}",
        b'{"error": {"message": "no"}}',
        b'{"choices": [{"message": {"content": "ye',
        b"[" * 50_000,
        whole(),
        whole([]),
        whole("yes", USAGE),
        whole([None], USAGE),
        whole(saying(["yes"]), USAGE),
        whole(saying(7), USAGE),
        event("ye"),
        event("ye") + b"data: {broken\n\n",
        event("ye") + b'data: {"error": {"message": "overloaded"}}\n\n',
        b"data: [DONE]\n\n",
    ],
)
def test_what_is_no_completion_or_breaks_off_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"repl|JSON|middle"):
        read(data)


@given(JSON, JSON)
def test_nothing_else_is_ever_raised(choices: object, usage: object) -> None:
    one = json.dumps({"choices": choices, "usage": usage}).encode()
    listed = json.dumps({"choices": [choices], "usage": usage}).encode()
    for data in (one, listed, b"data: " + one + b"\n\n", b"data: " + listed):
        with suppress(ValueError):
            reply = read(data)
            assert isinstance(reply.text, str)
            assert reply.counts is None or reply.counts.cached <= reply.counts.input


@given(st.binary(max_size=200))
def test_no_bytes_break_it(data: bytes) -> None:
    with suppress(ValueError):
        read(data, piece=7)
