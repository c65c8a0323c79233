"""Deterministic identifiers: a repeated message must yield the ids of the first time."""

from hashlib import blake2b

_ID_BYTES = 12


def stable_id(*parts: str | int) -> str:
    """Digest `parts`, order and boundaries included, into 24 hexadecimal characters."""
    digest = blake2b(digest_size=_ID_BYTES)
    for part in parts:
        encoded = str(part).encode("utf-8", "surrogatepass")
        digest.update(len(encoded).to_bytes(4, "big"))
        digest.update(encoded)
    return digest.hexdigest()


def window_id(
    domain: str, stream_id: str, first_seq: int, last_seq: int, splitter_version: str
) -> str:
    """Identify a window by what it holds and by the splitter version that cut it."""
    return stable_id("window", domain, stream_id, first_seq, last_seq, splitter_version)


def subject_id(domain: str, stream_id: str, window: str, name: str) -> str:
    """Identify a subject by the window that first presented it and its name there."""
    return stable_id("subject", domain, stream_id, window, name)


def record_id(domain: str, stream_id: str, subject: str, category: str, part: int = 0) -> str:
    """Identify the record of a subject and category; `part` counts the full records before it."""
    return stable_id("record", domain, stream_id, subject, category, part)


def decision_id(window: str, role: str, attempt: int) -> str:
    """Identify one decision: a role served for a window, the n-th time it is tried."""
    return stable_id("decision", window, role, attempt)
