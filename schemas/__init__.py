"""Message contracts of Rolestream and the Kafka topic catalogue; depends on pydantic alone."""

from schemas.codec import DecodeError, decode, encode
from schemas.messages import CategorizedRecord, RawText, Window, WindowOutcome
from schemas.revisions import RevisionMemory
from schemas.roles import Role

__all__ = [
    "CategorizedRecord",
    "DecodeError",
    "RawText",
    "RevisionMemory",
    "Role",
    "Window",
    "WindowOutcome",
    "decode",
    "encode",
]
