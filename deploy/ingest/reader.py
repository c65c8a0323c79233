"""Turns an input of any format into the RawText messages of a stream, one at a time."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from pydantic import ValidationError

from deploy.ingest.feed import read_feed
from deploy.ingest.formats import InputFormat, detect_format
from deploy.ingest.jsonl import read_jsonl
from deploy.ingest.lines import Fault, Piece, read_lines
from deploy.ingest.plain import is_wrapped, read_prose, read_ready, read_text
from deploy.ingest.subtitles import read_srt, read_vtt
from pipeline.errors import InvalidInputError
from schemas import RawText

SAMPLE_BYTES = 64 * 1024
MAX_TEXT_BYTES = 900_000
"""A Kafka message may have a million bytes by default; the other fields need room too."""

_JSON_FORMATS = (InputFormat.JSONL, InputFormat.RAW_JSONL, InputFormat.ID_JSONL)


@dataclass(frozen=True, slots=True)
class Entry:
    """A message and the line of the input it comes from."""

    line: int
    message: RawText


@dataclass(frozen=True, slots=True)
class Input:
    """An opened input, its name for messages to the user, and its format."""

    name: str
    source: io.BufferedReader
    format: InputFormat

    @classmethod
    def of(cls, source: io.BufferedReader, name: str, wanted: InputFormat | None = None) -> Self:
        """Settle the format by `wanted`, the name, or the beginning of the content.

        Of a pipe, the beginning is what has arrived when it is looked at.
        """
        sample = source.peek(SAMPLE_BYTES)[:SAMPLE_BYTES].decode("utf-8", "replace")
        form = wanted or detect_format(name, sample)
        if form is InputFormat.TEXT and is_wrapped(sample):
            form = InputFormat.PROSE
        return cls(name, source, form)


def read_messages(
    data: Input, stream_id: str | None, lang: str | None = None
) -> Iterator[Entry | Fault]:
    """Yield the messages of `data`, and a Fault for everything that cannot be one.

    Sentences and captions are numbered from 1, faults included, so that a mended input keeps its
    numbers; the entries of a feed are streams of their own, named after `stream_id` or the input;
    the seq of `{"id", "text"}` is the line number; RawText lines keep stream_id and seq.
    A language is noted only where `lang` or the input names it.
    Raises InvalidInputError when the input as a whole is of no use, or `stream_id` is needed.
    """
    if data.format is InputFormat.FEED:
        for found in read_feed(data.source, stream_id or data.name, lang):
            yield Entry(*found) if isinstance(found, tuple) else found
        return
    last_seqs: dict[str, int] = {}
    for position, item in enumerate(_read(data, lang), start=1):
        if isinstance(item, Piece):
            seq = item.line if data.format in _JSON_FORMATS else position
            item = _numbered(item, _needed(stream_id, data.format), seq)
        yield item if isinstance(item, Fault) else _checked(item, stream_id, lang, last_seqs)


def _read(data: Input, lang: str | None) -> Iterator[Entry | Piece | Fault]:
    lines = read_lines(data.source)
    match data.format:
        case InputFormat.TEXT:
            yield from read_text(lines, lang)
        case InputFormat.PROSE:
            yield from read_prose(lines, lang)
        case InputFormat.LINES:
            yield from read_ready(lines)
        case InputFormat.SRT:
            yield from read_srt(lines)
        case InputFormat.VTT:
            yield from read_vtt(lines)
        case InputFormat.JSONL | InputFormat.RAW_JSONL | InputFormat.ID_JSONL:
            kind = data.format.json_kind
            for item in read_jsonl(lines, kind):
                yield Entry(*item) if isinstance(item, tuple) else item


def _needed(stream_id: str | None, form: InputFormat) -> str:
    if stream_id is None:
        raise InvalidInputError(f"input in the format {form} names no stream: give --stream ID")
    return stream_id


def _numbered(piece: Piece, stream_id: str, seq: int) -> Entry | Fault:
    try:
        message = RawText(stream_id=stream_id, seq=seq, text=piece.text, speaker=piece.speaker)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        return Fault(piece.line, f"{'.'.join(map(str, first['loc']))}: {first['msg']}")
    return Entry(piece.line, message)


def _checked(
    entry: Entry, stream_id: str | None, lang: str | None, last_seqs: dict[str, int]
) -> Entry | Fault:
    message = entry.message
    if stream_id not in (None, message.stream_id):
        return Fault(
            entry.line,
            f"the line is of the stream {message.stream_id!r}, not {stream_id!r}: "
            "leave --stream out to keep the input's own",
        )
    if not message.text.strip() and not message.end:
        return Fault(entry.line, "the text is empty: fill or remove it")
    size = len(message.text.encode("utf-8", "surrogatepass"))
    if size > MAX_TEXT_BYTES:
        return Fault(entry.line, f"the text has {size} bytes: a message holds {MAX_TEXT_BYTES}")
    last = last_seqs.get(message.stream_id, -1)
    if message.seq <= last:
        return Fault(entry.line, f"seq {message.seq} comes after seq {last}: it must increase")
    last_seqs[message.stream_id] = message.seq
    if lang is not None and message.lang is None:
        return Entry(entry.line, message.model_copy(update={"lang": lang}))
    return entry
