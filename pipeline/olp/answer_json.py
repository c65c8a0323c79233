"""Takes the JSON object out of a model's answer, however it is wrapped."""

import json
from collections.abc import Iterator
from typing import Any

import orjson

_MAX_ANSWER_CHARS = 400_000
_MOST_READ = 8
"""So many times its length may be read of a text in vain; then the rest is left unread."""
_TOO_DEEP = 20_000
"""What it costs to find that an object is nested too deeply, in characters read."""
_LINES_READ_AT_ONCE = 64
"""An error counts the lines before it, that much faster than the decoder reads."""


def extract_object(text: str, key: str) -> dict[str, Any] | None:
    """The last JSON object in `text` that has a list at `key`: what a model thinks aloud comes

    first. If there is none, the first JSON object of all. Objects may be bare, in a code fence, or
    amid prose; a bare list is none. None beyond 400,000 characters.
    """
    whole = _whole(text)
    if whole is not None:
        return whole
    first: dict[str, Any] | None = None
    fitting: dict[str, Any] | None = None
    for found in _objects(text):
        if first is None:
            first = found
        if isinstance(found.get(key), list):
            fitting = found
    return first if fitting is None else fitting


def _whole(text: str) -> dict[str, Any] | None:
    """The object that is all of the answer, as most answers are; None if it is not as plain."""
    if len(text) > _MAX_ANSWER_CHARS or not text.startswith("{"):
        return None
    try:
        value: dict[str, Any] = orjson.loads(text)
    except ValueError:
        return None
    return value


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """The objects in `text` that are in no other one, in time linear in its length."""
    if len(text) > _MAX_ANSWER_CHARS:
        return
    decoder = json.JSONDecoder()
    left = _MOST_READ * len(text)
    start = text.find("{")
    while start != -1 and left > 0:
        end = start + 1
        try:
            value, end = decoder.raw_decode(text, start)
        except json.JSONDecodeError as error:
            unended = error.msg.startswith("Unterminated")
            left -= (len(text) if unended else error.pos) - start
            left -= error.pos // _LINES_READ_AT_ONCE
        except (ValueError, RecursionError):
            left -= _TOO_DEEP
        else:
            yield value
        start = text.find("{", end)


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
