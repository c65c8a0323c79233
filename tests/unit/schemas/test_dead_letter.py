"""A dead letter keeps what it can of the message it stands for."""

from datetime import UTC, datetime

import pytest

from schemas.codec import encode
from schemas.dead_letter import MAX_PAYLOAD_BYTES, Cause, DeadLetter, Source, encode_payload


def letter(payload: bytes) -> DeadLetter:
    return DeadLetter(
        source=Source(kafka_topic="raw-news", partition=0, offset=7),
        key="s",
        payload=encode_payload(payload),
        payload_bytes=len(payload),
        error=Cause(kind="invalid", message="RawText: seq: wrong"),
        attempts=1,
        at=datetime(2026, 1, 1, tzinfo=UTC),
    )


@pytest.mark.parametrize("payload", [b"", b"\x00\xff", b"x" * MAX_PAYLOAD_BYTES])
def test_the_payload_comes_back_byte_for_byte(payload: bytes) -> None:
    assert letter(payload).original() == payload
    assert not letter(payload).truncated


def test_a_longer_payload_is_cut_and_says_so() -> None:
    cut = letter(b"x" * (MAX_PAYLOAD_BYTES + 1))
    assert cut.truncated
    assert cut.original() == b"x" * MAX_PAYLOAD_BYTES
    assert cut.payload_bytes == MAX_PAYLOAD_BYTES + 1


def test_the_longest_dead_letter_fits_into_a_kafka_message() -> None:
    assert len(encode(letter(b"\xff" * 10_000_000))) < 1_000_000


def test_a_position_is_one_word_and_back() -> None:
    source = Source(kafka_topic="a/b.raw-news", partition=3, offset=2**62)
    assert Source.parse(source.place) == source
    for wrong in ("", "raw-news", "raw-news/1", "raw-news/x/1", "raw-news/-1/2", "/0/1"):
        assert Source.parse(wrong) is None
