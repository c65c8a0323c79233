"""Reads bytes as numbered UTF-8 lines, never more than one line in memory."""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from pipeline.errors import InvalidInputError

MAX_LINE_BYTES = 4 * 1024 * 1024

_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line without its line break; `number` counts from 1."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A sentence or caption, the line it begins on, and who says it if the input tells."""

    line: int
    text: str
    speaker: str | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """Something at line `line` that cannot become a message, and what to do about it.

    `harmless` ones (a cue that shows no text) are counted, but are no mistake.
    """

    line: int
    problem: str
    harmless: bool = False


def read_lines(source: BinaryIO, max_bytes: int = MAX_LINE_BYTES) -> Iterator[TextLine | Fault]:
    """Yield the lines of `source`; one that is too long or no UTF-8 text becomes a Fault.

    Raises InvalidInputError for UTF-16.
    """
    number = 0
    while raw := source.readline(max_bytes):
        number += 1
        if number == 1:
            if raw.startswith(_UTF16_MARKS):
                raise InvalidInputError(
                    "this is UTF-16: convert it to UTF-8, e.g. iconv -f UTF-16 -t UTF-8"
                )
            raw = raw.removeprefix(codecs.BOM_UTF8)
        if len(raw) >= max_bytes and not raw.endswith(b"\n"):
            _skip_rest_of_line(source, max_bytes)
            yield Fault(number, f"the line is longer than {max_bytes} bytes: break it up")
        else:
            yield _decode(number, raw)


def _decode(number: int, raw: bytes) -> TextLine | Fault:
    if b"\0" in raw:
        return Fault(number, "the line holds a NUL byte: is this a text file?")
    try:
        return TextLine(number, raw.decode("utf-8").rstrip("\r\n"))
    except UnicodeDecodeError as error:
        return Fault(number, f"not UTF-8 (byte {error.start + 1} of the line): save it as UTF-8")


def _skip_rest_of_line(source: BinaryIO, step: int) -> None:
    while (rest := source.readline(step)) and not rest.endswith(b"\n"):
        pass
