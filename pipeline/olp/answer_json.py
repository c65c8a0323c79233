"""Takes the JSON object out of a model's answer, however it is wrapped."""

import json
from typing import Any

_MAX_ANSWER_CHARS = 400_000


def extract_object(text: str) -> dict[str, Any] | None:
    """The first JSON object in `text` that parses (bare, in a code fence, or amid prose).

    A bare list is not an object and yields None, as does a text beyond 400,000 characters.
    """
    if len(text) > _MAX_ANSWER_CHARS:
        return None
    decoder = json.JSONDecoder()
    start = text.find("{")
    tries = 0
    while start != -1 and tries < 20:
        try:
            value, _ = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, dict):
            return value
        start = text.find("{", start + 1)
        tries += 1
    return None


def as_int(value: object) -> int | None:
    """A whole number, also when a model wrote it as "3" or 3.0; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and value.strip().isdecimal() and len(value) < 10:
        return int(value)
    return None


def as_name(value: object, most: int = 200) -> str | None:
    """A short single-line text without control characters; None for anything else."""
    if not isinstance(value, str):
        return None
    if not value.isprintable():
        value = "".join(c if c.isprintable() else " " for c in value)
    cleaned = " ".join(value.split())
    return cleaned if 0 < len(cleaned) <= most else None
