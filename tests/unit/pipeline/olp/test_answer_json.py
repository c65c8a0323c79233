"""Whatever a model wraps around its JSON object, the object is found; junk gives None."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.olp.answer_json import as_int, as_name, extract_object

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.text(max_size=4), JSON, max_size=3)


@given(OBJECTS)
def test_a_bare_object_is_read_as_it_is(value: dict[str, Any]) -> None:
    assert extract_object(json.dumps(value), "a") == value


@given(OBJECTS, st.text(st.characters(exclude_characters="{"), max_size=20))
def test_prose_and_fences_around_it_do_not_matter(value: dict[str, Any], prose: str) -> None:
    assert extract_object(f"{prose}\n```json\n{json.dumps(value)}\n```\n{prose}", "a") == value


@given(st.text(max_size=60))
def test_no_text_raises(text: str) -> None:
    assert isinstance(extract_object(text, "a"), dict | None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no object at all",
        "[1, 2]",
        '"{"',
        "null",
        '{"a": [1, 2',
        "{" * 100_000,
        '{"a":' * 100_000,
        "[" * 100_000,
        '{"a": ' + "1" * 5000 + "}",
        '{"a": "' + "x" * 1_000_000 + '"}',
    ],
)
def test_text_without_a_usable_object_is_none(text: str) -> None:
    assert extract_object(text, "a") is None


def test_a_brace_in_the_prose_is_stepped_over() -> None:
    assert extract_object('use {braces} like this: {"a": 1}', "a") == {"a": 1}


@pytest.mark.parametrize(
    "text",
    [
        'First {"b": []}, no: {"a": [1]}',
        'Perhaps {"a": [2]}. Better:\n```json\n{"a": [1]}\n```',
        '{"a": "a list comes here"} {"a": [1]} {"b": [3]}',
        "\\frac{1}{2} " * 200 + '{"a": [1]}',
        '{"a": [2, {"a": [3]}, {"a": [1]}',
    ],
)
def test_of_several_objects_the_last_one_that_fits_is_the_answer(text: str) -> None:
    assert extract_object(text, "a") == {"a": [1]}


def test_if_none_fits_it_is_the_first_one() -> None:
    assert extract_object('{"b": 1} {"a": 2}', "a") == {"b": 1}


@pytest.mark.parametrize(
    "piece", ['{"a":', '{"a":[1,', "{", '{"', '{"a": "b", ', '{\\"', '{"a":1}']
)
def test_twice_the_text_takes_twice_the_time(piece: str) -> None:
    def read(text: str) -> float:
        started = time.process_time()
        extract_object(text, "a")
        return time.process_time() - started

    short, long = piece * (40_000 // len(piece)), piece * (80_000 // len(piece))
    assert min(read(long) for _ in range(3)) < 4 * min(read(short) for _ in range(3)) + 0.05


@pytest.mark.parametrize(
    ("value", "number"),
    [(3, 3), ("3", 3), (" 3 ", 3), (3.0, 3), (-1, -1), ("３", 3)],
)
def test_whole_numbers_are_read_in_any_spelling(value: object, number: int) -> None:
    assert as_int(value) == number


@pytest.mark.parametrize(
    "value",
    [
        True,
        False,
        None,
        3.5,
        "3.5",
        "three",
        "",
        "²",
        "9" * 50,
        [],
        {},
        float("inf"),
        float("-inf"),
        float("nan"),
    ],
)
def test_anything_else_is_no_whole_number(value: object) -> None:
    assert as_int(value) is None


@given(JSON)
def test_no_json_value_breaks_the_readers(value: object) -> None:
    assert isinstance(as_int(value), int | None)
    assert isinstance(as_name(value), str | None)


def test_a_name_is_one_printable_line() -> None:
    assert as_name("  Rose\n\tof \u2028 Jericho\x00 ") == "Rose of Jericho"
    assert as_name("a\ud800b") == "a b"


@pytest.mark.parametrize("value", [None, 7, [], {}, "", "   ", "\x00\x07", "x" * 201])
def test_what_is_no_name_is_none(value: object) -> None:
    assert as_name(value) is None


@given(st.text())
def test_a_name_is_short_clean_and_read_the_same_again(text: str) -> None:
    name = as_name(text)
    if name is not None:
        assert name.isprintable()
        assert 0 < len(name) <= 200
        assert as_name(name) == name
