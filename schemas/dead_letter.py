"""What could not be processed, where it came from, and why."""

import re
from base64 import b64decode, b64encode
from datetime import datetime
from typing import Self

from pydantic import Field

from schemas.base import Message, Part

MAX_PAYLOAD_BYTES = 512 * 1024
"""Longer payloads are cut: a dead letter must itself fit into a Kafka message."""


REPLAYED_FROM = "replayed-from"
"""Header of a replayed message: where it lay when it was first read."""

_PLACE = re.compile(r"(.+)/(\d{1,9})/(\d{1,19})")


class Source(Part):
    """The position of the message in Kafka."""

    kafka_topic: str
    partition: int = Field(ge=0)
    offset: int = Field(ge=0)

    @property
    def place(self) -> str:
        """The position as one word, which also names the dead letter."""
        return f"{self.kafka_topic}/{self.partition}/{self.offset}"

    @classmethod
    def parse(cls, place: str) -> Self | None:
        """The position that `place` names, or None if it names none."""
        found = _PLACE.fullmatch(place)
        if found is None:
            return None
        return cls(kafka_topic=found[1], partition=int(found[2]), offset=int(found[3]))


class Cause(Part):
    """Why: `kind` is one word for machines, `message` one line for people."""

    kind: str = Field(min_length=1, max_length=60)
    message: str = Field(max_length=1000)
    role: str | None = None


class DeadLetter(Message):
    """A message that could not be processed; on `dead-letters`, key as it was.

    `payload` is the original value in base64; `payload_bytes` its true length. `replayed_from` is
    where a message that was replayed, and failed again, lay when it was first read.
    """

    source: Source
    replayed_from: Source | None = None
    key: str | None
    payload: str
    payload_bytes: int = Field(ge=0)
    error: Cause
    attempts: int = Field(ge=1)
    at: datetime

    @property
    def truncated(self) -> bool:
        """Whether the payload was too long to be kept whole."""
        return self.payload_bytes > MAX_PAYLOAD_BYTES

    def original(self) -> bytes:
        """The value as it was read, cut if `truncated`."""
        return b64decode(self.payload)


class DeadLetterReplay(Message):
    """That a dead letter was sent again; on `dead-letter-replays`, key = its source's place."""

    source: Source
    at: datetime


def encode_payload(value: bytes) -> str:
    """Base64 of `value`, cut to MAX_PAYLOAD_BYTES before encoding."""
    return b64encode(value[:MAX_PAYLOAD_BYTES]).decode("ascii")
