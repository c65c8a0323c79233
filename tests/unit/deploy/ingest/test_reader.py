"""From any input to RawText: formats, numbers, languages, and what is refused."""

import io
import json

import pytest

from deploy.ingest.formats import InputFormat, detect_format
from deploy.ingest.lines import Fault
from deploy.ingest.reader import MAX_TEXT_BYTES, Entry, Input, read_messages
from pipeline.errors import InvalidInputError


def read(
    content: str,
    name: str = "-",
    wanted: InputFormat | None = None,
    stream_id: str | None = "s",
    lang: str | None = None,
) -> list[Entry | Fault]:
    source: io.BufferedReader = io.BufferedReader(io.BytesIO(content.encode()))
    return list(read_messages(Input.of(source, name, wanted), stream_id, lang))


def messages(items: list[Entry | Fault]) -> list[tuple[str, int, str]]:
    return [
        (item.message.stream_id, item.message.seq, item.message.text)
        for item in items
        if isinstance(item, Entry)
    ]


@pytest.mark.parametrize(
    ("name", "sample", "form"),
    [
        ("a.txt", '{"id":1}', InputFormat.TEXT),
        ("a.JSONL", "", InputFormat.JSONL),
        ("a.srt", "", InputFormat.SRT),
        ("a.vtt", "", InputFormat.VTT),
        ("-", '\ufeff {"id":1}', InputFormat.JSONL),
        ("-", "WEBVTT\n", InputFormat.VTT),
        ("-", "1\n00:00:01,000 --> 00:00:02,000\n", InputFormat.SRT),
        ("-", "Hello.", InputFormat.TEXT),
        ("notes", "", InputFormat.TEXT),
    ],
)
def test_the_format_follows_from_the_suffix_else_the_content(
    name: str, sample: str, form: InputFormat
) -> None:
    assert detect_format(name, sample) is form


def test_sentences_are_numbered_from_one() -> None:
    assert messages(read("One. Two.\n\nThree.")) == [
        ("s", 1, "One."),
        ("s", 2, "Two."),
        ("s", 3, "Three."),
    ]


def test_a_bad_line_takes_a_number_so_that_later_ones_keep_theirs() -> None:
    items = read("one\n\x00\nthree")
    assert messages(items) == [("s", 1, "one"), ("s", 3, "three")]
    assert isinstance(items[1], Fault)


def test_id_lines_are_numbered_by_their_line_and_ids_say_nothing() -> None:
    content = '{"id":500,"text":"a"}\n\n{"id":3,"text":"b"}'
    assert messages(read(content)) == [("s", 1, "a"), ("s", 3, "b")]


def test_raw_lines_keep_stream_seq_and_end() -> None:
    rows = [
        {"stream_id": "a", "seq": 5, "text": "x", "lang": "ru"},
        {"stream_id": "b", "seq": 0, "text": "y"},
        {"stream_id": "a", "seq": 9, "text": "", "end": True},
    ]
    items = read("\n".join(map(json.dumps, rows)), stream_id=None, lang="en")
    assert messages(items) == [("a", 5, "x"), ("b", 0, "y"), ("a", 9, "")]
    assert [item.message.lang for item in items if isinstance(item, Entry)] == ["ru", "en", "en"]


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"stream_id": "a", "seq": 5, "text": "again"}, "must increase"),
        ({"stream_id": "a", "seq": 4, "text": "back"}, "must increase"),
        ({"stream_id": "a", "seq": 6, "text": " "}, "empty"),
        ({"stream_id": "other", "seq": 6, "text": "x"}, "leave --stream out"),
        ({"stream_id": "a", "seq": 6, "text": "x" * (MAX_TEXT_BYTES + 1)}, "bytes"),
    ],
)
def test_what_cannot_be_a_message_is_a_fault(row: dict[str, object], told: str) -> None:
    first = {"stream_id": "a", "seq": 5, "text": "x"}
    last = {"stream_id": "a", "seq": 7, "text": "y"}
    items = read("\n".join(map(json.dumps, (first, row, last))), stream_id="a")
    assert messages(items) == [("a", 5, "x"), ("a", 7, "y")]
    fault = items[1]
    assert isinstance(fault, Fault)
    assert fault.line == 2
    assert told in fault.problem


def test_an_unnamed_language_is_left_to_the_window() -> None:
    [item] = read("你好。")
    assert isinstance(item, Entry)
    assert item.message.lang is None


def test_captions_carry_their_speaker_and_no_time() -> None:
    [item] = read("WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ann>Hi")
    assert isinstance(item, Entry)
    assert (item.message.speaker, item.message.at) == ("Ann", None)


@pytest.mark.parametrize("content", ["Hello.", '{"id":1,"text":"a"}'])
def test_input_without_streams_needs_one(content: str) -> None:
    with pytest.raises(InvalidInputError, match="--stream"):
        read(content, stream_id=None)


def test_wrapped_text_is_read_as_prose_and_forced_lines_are_not() -> None:
    content = (
        "The bridge was opened by the mayor of the old town\n"
        "who had waited for it for many years and who was so\n"
        "glad that he wept. It rained.\n"
    )
    assert len(messages(read(content))) == 2
    assert len(messages(read(content, wanted=InputFormat.LINES))) == 3


def test_an_endless_input_is_read_piece_by_piece() -> None:
    class Endless(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
            line = b"Again and again. "
            buffer[: len(line)] = line
            buffer[len(line)] = 10
            return len(line) + 1

    source: io.BufferedReader = io.BufferedReader(Endless(), 64)
    stream = read_messages(Input.of(source, "-"), "s")
    assert [next(stream) for _ in range(1000)]
