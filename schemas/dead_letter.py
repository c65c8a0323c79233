"""What could not be processed, where it came from, and why."""

from base64 import b64decode, b64encode
from datetime import datetime

from pydantic import Field

from schemas.base import Message, Part

MAX_PAYLOAD_BYTES = 512 * 1024
"""Longer payloads are cut: a dead letter must itself fit into a Kafka message."""


class Source(Part):
    """The position of the message in Kafka."""

    kafka_topic: str
    partition: int = Field(ge=0)
    offset: int = Field(ge=0)


class Cause(Part):
    """Why: `kind` is one word for machines, `message` one line for people."""

    kind: str = Field(min_length=1, max_length=60)
    message: str = Field(max_length=1000)
    role: str | None = None


class DeadLetter(Message):
    """A message that could not be processed; on `dead-letters`, key as it was.

    `payload` is the original value in base64; `payload_bytes` its true length.
    """

    source: Source
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


def encode_payload(value: bytes) -> str:
    """Base64 of `value`, cut to MAX_PAYLOAD_BYTES before encoding."""
    return b64encode(value[:MAX_PAYLOAD_BYTES]).decode("ascii")
