"""Bytes that are not the message they should be give one clear line, never a traceback."""

import pytest

from schemas.codec import DecodeError, decode, encode
from schemas.messages import RawText, Subject, Window

RAW = b'{"stream_id":"s","seq":1,"text":"hello"}'
BAD_RAW = [
    b"",
    b"hello",
    b"null",
    b"[]",
    b"[" * 100_000,
    b'{"stream_id":"s","seq":1,"text":"hello"',
    b'{"stream_id":"s","seq":1,"text":"\xff"}',
    b'{"stream_id":"s","seq":1,"text":"\\ud800"}',
    b'{"stream_id":"s","seq":1,"text":"\\udc00 \\ud800"}',
    b'{"stream_id":"s","seq":1,"text":null}',
    b'{"stream_id":"s","seq":1,"text":7}',
    b'{"stream_id":"","seq":1,"text":"x"}',
    b'{"stream_id":"s","seq":-1,"text":"x"}',
    b'{"stream_id":"s","seq":1.5,"text":"x"}',
    b'{"stream_id":"s","seq":"one","text":"x"}',
    b'{"stream_id":"s","seq":1e400,"text":"x"}',
    b'{"stream_id":"s","seq":9223372036854775808,"text":"x"}',
    b'{"stream_id":"s","seq":' + b"9" * 5000 + b',"text":"x"}',
    b'{"stream_id":"s","seq":1,"text":"x","at":"soon"}',
    b'{"stream_id":"s","seq":1,"text":"x","at":1e300}',
    b'{"stream_id":"s","seq":1,"text":"x","end":"perhaps"}',
    RAW.decode().encode("utf-16"),
]


def one_line(error: DecodeError) -> str:
    text = str(error)
    assert len(text.splitlines()) == 1
    assert len(text) < 1000
    return text


@pytest.mark.parametrize("value", BAD_RAW)
def test_bad_bytes_are_one_line_that_names_the_message(value: bytes) -> None:
    with pytest.raises(DecodeError) as caught:
        decode(RawText, value)
    assert one_line(caught.value).startswith("RawText: ")
    assert caught.value.__cause__ is None


def test_the_wrong_field_is_named() -> None:
    with pytest.raises(DecodeError, match=r"^RawText: seq: .*integer"):
        decode(RawText, b'{"stream_id":"s","seq":"one","text":"x"}')


def test_a_tombstone_is_told_from_a_message() -> None:
    with pytest.raises(DecodeError, match="no value"):
        decode(RawText, None)


def test_many_wrong_fields_are_counted_not_listed() -> None:
    with pytest.raises(DecodeError) as caught:
        decode(Subject, b'{"a":1,"b":2,"c":3,"d":4,"e":5}')
    assert "and 4 more" in one_line(caught.value)


def test_unknown_fields_are_refused_on_messages_of_ours() -> None:
    with pytest.raises(DecodeError, match="Subject: mood: "):
        decode(Subject, b'{"subject_id":"1","name":"x","mood":"good"}')
    window = (
        b'{"window_id":"1","domain":"d","stream_id":"s","lang":"en","closed_by":"end",'
        b'"splitter_version":"1","at":"2026-01-01T00:00:00Z","sentences":[{"seq":1,"text":"x"%s}]}'
    )
    assert decode(Window, window % b"").sentences[0].text == "x"
    with pytest.raises(DecodeError, match=r"Window: sentences\.0\.mood: "):
        decode(Window, window % b',"mood":"good"')


@pytest.mark.parametrize("name", ["a\\nb", "a\\r\\nb", "a\\u2028b", "a\\u0085b", "x" * 5000])
def test_the_name_of_an_unknown_field_cannot_break_the_line(name: str) -> None:
    with pytest.raises(DecodeError) as caught:
        decode(Subject, f'{{"subject_id":"1","name":"x","{name}":1}}'.encode())
    one_line(caught.value)


def test_unknown_fields_are_tolerated_on_raw_text() -> None:
    raw = decode(RawText, b'{"stream_id":"s","seq":1,"text":"x","mood":"good"}')
    assert raw == RawText(stream_id="s", seq=1, text="x")


def test_nul_and_the_largest_seq_are_carried() -> None:
    raw = RawText(stream_id="s", seq=2**63 - 1, text="a\0b \U0001f600 \u2028")
    assert decode(RawText, encode(raw)) == raw


def test_a_paired_surrogate_escape_is_one_character() -> None:
    raw = decode(RawText, b'{"stream_id":"s","seq":1,"text":"\\ud83d\\ude00"}')
    assert raw.text == "\U0001f600"


def test_encoding_is_utf8_json_with_fields_in_declared_order() -> None:
    subject = Subject(subject_id="1", name="Привет")
    told = '{"subject_id":"1","name":"Привет","aliases":[],"attributes":{}}'
    assert encode(subject) == told.encode()
