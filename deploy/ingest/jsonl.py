"""Reads JSON lines: messages of RawText, or `{"id", "text"}` objects."""

from collections.abc import Iterable, Iterator
from typing import Literal

from pydantic import BaseModel, ConfigDict
from pydantic_core import from_json

from deploy.ingest.lines import Fault, Piece, TextLine
from pipeline.errors import InvalidInputError
from schemas import DecodeError, RawText, decode

JsonKind = Literal["raw", "id"]

_WANTED = 'RawText {"stream_id", "seq", "text"} or {"id", "text"}'


class _IdLine(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True)

    id: str | int
    text: str


def read_jsonl(
    lines: Iterable[TextLine | Fault], kind: JsonKind | None = None
) -> Iterator[tuple[int, RawText] | Piece | Fault]:
    """Yield a (line number, RawText) or a Piece for every line; blank lines are nothing.

    The first object tells the kind, unless `kind` does. Raises InvalidInputError when the input
    is one JSON array.
    """
    for line in lines:
        if isinstance(line, Fault):
            yield line
            continue
        if not line.text.strip():
            continue
        if kind is None:
            kind = _kind_of(line.text)
        yield Fault(line.number, _not_an_object(line.text)) if kind is None else _read(line, kind)


def _kind_of(text: str) -> JsonKind | None:
    if text.lstrip().startswith("["):
        raise InvalidInputError(
            "a JSON array: write one object a line instead, e.g. with jq -c '.[]'"
        )
    try:
        value = from_json(text)
    except ValueError:
        return None
    if not isinstance(value, dict):
        return None
    if "seq" in value or "stream_id" in value:
        return "raw"
    return "id" if "id" in value else None


def _read(line: TextLine, kind: JsonKind) -> tuple[int, RawText] | Piece | Fault:
    value = line.text.encode("utf-8")
    try:
        if kind == "raw":
            return line.number, decode(RawText, value)
        return Piece(line.number, decode(_IdLine, value).text)
    except DecodeError as error:
        return Fault(line.number, _without_own_line(f"{error}; wanted is {_WANTED}"))


def _not_an_object(text: str) -> str:
    try:
        from_json(text)
    except ValueError as error:
        return _without_own_line(f"not JSON ({error}): each line must be {_WANTED}")
    return f"each line must be {_WANTED}"


def _without_own_line(problem: str) -> str:
    """The parser counts lines within the line, which would mislead beside the input's line."""
    return problem.replace("_IdLine: ", "").replace(" at line 1 column ", " at column ")
