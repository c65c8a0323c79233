"""Plain text: lines, wrapped prose, and how the two are told apart."""

import io

import pytest

from deploy.ingest.lines import Fault, Piece, TextLine, read_lines
from deploy.ingest.plain import MAX_SENTENCE_CHARS, is_wrapped, read_prose, read_ready, read_text

PROSE = """\
The old harbour town of Mill Bay had waited for its
new bridge since the flood of 1998, when Mr. Lund was
still its mayor. It opens today.

Nobody knows what the ferry, which has run for sixty
years, will do now. It may go.
"""


def lines_of(text: str) -> list[TextLine | Fault]:
    return list(read_lines(io.BytesIO(text.encode())))


def test_text_splits_each_line_and_a_break_ends_a_sentence() -> None:
    pieces = list(read_text(lines_of("One. Two\nthree\n\n你好。再见"), None))
    assert pieces == [
        Piece(1, "One."),
        Piece(1, "Two"),
        Piece(2, "three"),
        Piece(4, "你好。"),
        Piece(4, "再见"),
    ]


def test_ready_lines_are_not_split() -> None:
    assert list(read_ready(lines_of("One. Two \n\nthree"))) == [
        Piece(1, "One. Two"),
        Piece(3, "three"),
    ]


def test_prose_joins_wrapped_lines_and_a_blank_line_ends_a_sentence() -> None:
    assert list(read_prose(lines_of(PROSE), None)) == [
        Piece(
            1,
            "The old harbour town of Mill Bay had waited for its new bridge since the flood of "
            "1998, when Mr. Lund was still its mayor.",
        ),
        Piece(3, "It opens today."),
        Piece(5, "Nobody knows what the ferry, which has run for sixty years, will do now."),
        Piece(6, "It may go."),
    ]


def test_prose_keeps_no_more_than_a_long_sentence() -> None:
    pulled = 0

    def endless() -> object:
        nonlocal pulled
        while True:
            pulled += 1
            yield TextLine(pulled, "words without any end " * 10)

    first = next(read_prose(endless(), "en"))  # type: ignore[arg-type]
    assert isinstance(first, Piece)
    assert len(first.text) >= MAX_SENTENCE_CHARS
    assert pulled < 2 * MAX_SENTENCE_CHARS / 220


def test_faults_pass_through() -> None:
    fault = Fault(2, "bad")
    lines: list[TextLine | Fault] = [TextLine(1, "One."), fault, TextLine(3, "Two.")]
    for read in (read_ready(lines), read_text(lines, None), read_prose(lines, None)):
        assert fault in list(read)


@pytest.mark.parametrize(
    ("sample", "wrapped"),
    [
        (PROSE, True),
        ("yes\nokay\nsure thing\nright\n", False),
        ("Hello everyone and welcome back to the live room tonight.\n" * 5, False),
        ("so the next one is the blue mug that I showed\nnice\nit is ten dollars\nokay\n", False),
        ("这座老城等了很多年终于等到了一座新的大桥今天它就要\n" * 4, True),
        ("one line only", False),
        ("", False),
    ],
)
def test_wrapped_prose_is_told_from_lines(sample: str, wrapped: bool) -> None:
    assert is_wrapped(sample) is wrapped
