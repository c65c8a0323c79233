"""Bytes as numbered lines; what is no text becomes a fault with its line."""

import io

import pytest

from deploy.ingest.lines import Fault, TextLine, read_lines
from pipeline.errors import InvalidInputError


def lines_of(content: bytes, max_bytes: int = 100) -> list[TextLine | Fault]:
    return list(read_lines(io.BytesIO(content), max_bytes))


def test_line_breaks_and_byte_order_mark_go() -> None:
    assert lines_of(b"\xef\xbb\xbfone\r\ntwo\n\nfour") == [
        TextLine(1, "one"),
        TextLine(2, "two"),
        TextLine(3, ""),
        TextLine(4, "four"),
    ]


def test_only_a_newline_ends_a_line() -> None:
    content = "a\u2028b\x0cc\x85d"
    assert lines_of(content.encode()) == [TextLine(1, content)]


def test_a_line_that_is_not_utf8_is_a_fault_and_the_next_is_read() -> None:
    fault, line = lines_of(b"ab\xff\ngood\n")
    assert isinstance(fault, Fault)
    assert fault.line == 1
    assert "byte 3" in fault.problem
    assert line == TextLine(2, "good")


def test_a_nul_byte_is_a_fault() -> None:
    [fault] = lines_of(b"a\x00b\n")
    assert isinstance(fault, Fault)
    assert "NUL" in fault.problem


def test_a_line_beyond_the_limit_is_left_out_without_being_kept() -> None:
    fault, line = lines_of(b"x" * 1000 + b"\nnext\n", max_bytes=100)
    assert isinstance(fault, Fault)
    assert "longer than 100 bytes" in fault.problem
    assert line == TextLine(2, "next")


def test_a_line_as_long_as_the_limit_is_read() -> None:
    assert lines_of(b"x" * 99 + b"\nnext\n", max_bytes=100)[0] == TextLine(1, "x" * 99)


def test_utf16_is_refused_as_a_whole() -> None:
    with pytest.raises(InvalidInputError, match="UTF-16"):
        lines_of("text".encode("utf-16"))
