"""JSON lines of two kinds; every bad line is a fault of its own."""

import pytest

from deploy.ingest.jsonl import read_jsonl
from deploy.ingest.lines import Fault, Piece, TextLine
from pipeline.errors import InvalidInputError
from schemas import RawText


def numbered(*lines: str) -> list[TextLine | Fault]:
    return [TextLine(number, line) for number, line in enumerate(lines, start=1)]


def test_raw_lines_are_taken_as_they_are_and_unknown_fields_ignored() -> None:
    line = '{"stream_id":"s","seq":7,"text":" as is ","at":"2026-01-02T03:04:05Z","extra":1}'
    [(number, message)] = read_jsonl(numbered(line))  # type: ignore[misc]
    assert number == 1
    assert isinstance(message, RawText)
    assert (message.seq, message.text) == (7, " as is ")
    assert message.at is not None


def test_id_lines_give_pieces_verbatim() -> None:
    lines = numbered('{"id":900,"text":"a "}', "", '{"id":"x","text":"b"}')
    assert list(read_jsonl(lines)) == [Piece(1, "a "), Piece(3, "b")]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{bad", "JSON"),
        ('"text"', "object"),
        ('{"id":1}', "text"),
        ('{"id":1,"text":5}', "text"),
        ('{"id":1,"text":"\\ud800"}', "JSON"),
        ('{"stream_id":"s","seq":1,"text":"t"}', "id"),
    ],
)
def test_a_bad_line_is_a_fault_and_the_next_is_read(line: str, told: str) -> None:
    first, fault, last = read_jsonl(numbered('{"id":1,"text":"a"}', line, '{"id":2,"text":"b"}'))
    assert (first, last) == (Piece(1, "a"), Piece(3, "b"))
    assert isinstance(fault, Fault)
    assert fault.line == 2
    assert told in fault.problem
    assert "line 1" not in fault.problem


@pytest.mark.parametrize("seq", ["-1", '"x"', "1.5", "9223372036854775808"])
def test_a_wrong_seq_is_a_fault(seq: str) -> None:
    [fault] = read_jsonl(numbered(f'{{"stream_id":"s","seq":{seq},"text":"t"}}'))
    assert isinstance(fault, Fault)
    assert "seq" in fault.problem


def test_bad_lines_before_the_first_object_do_not_settle_the_kind() -> None:
    assert [type(item) for item in read_jsonl(numbered("x", "5", '{"id":1,"text":"a"}'))] == [
        Fault,
        Fault,
        Piece,
    ]


def test_an_array_is_refused_with_the_way_out() -> None:
    with pytest.raises(InvalidInputError, match="jq"):
        list(read_jsonl(numbered('[{"id":1,"text":"a"}]')))
