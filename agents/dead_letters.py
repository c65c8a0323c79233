"""Puts a message that cannot be processed on `dead-letters`, with its cause."""

from agents.outbox import Outgoing, outgoing
from pipeline.clock import Clock
from schemas.catalogue import DEAD_LETTERS
from schemas.dead_letter import Cause, DeadLetter, Source, encode_payload

_MAX_MESSAGE = 1000
_MAX_KEY = 300


def dead_letter(
    source: Source,
    key: bytes | None,
    value: bytes | None,
    kind: str,
    message: str,
    clock: Clock,
    role: str | None = None,
    attempts: int = 1,
    replayed_from: Source | None = None,
) -> Outgoing:
    """The dead letter of a message, ready to be sent to the partition it came from."""
    payload = value or b""
    text = None if key is None else key.decode("utf-8", "replace")[:_MAX_KEY]
    letter = DeadLetter(
        source=source,
        replayed_from=replayed_from,
        key=text,
        payload=encode_payload(payload),
        payload_bytes=len(payload),
        error=Cause(kind=kind, message=message[:_MAX_MESSAGE], role=role),
        attempts=attempts,
        at=clock.now(),
    )
    headers = {"kind": kind, "source": source.kafka_topic}
    return outgoing(DEAD_LETTERS, source.partition, text or "", letter, headers)
