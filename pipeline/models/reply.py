"""Reads an endpoint's reply as it comes, streamed or whole, and never more of it than allowed."""

import json
from typing import Any, NamedTuple

import orjson

from schemas.answers import Finish

_NO_COMPLETION = "the reply is no completion"


class TokenCounts(NamedTuple):
    """The endpoint's own count; `cached` is the part of `input` that it read from a cache."""

    input: int
    cached: int
    output: int


class Reply(NamedTuple):
    """A reply that came to its end; `counts` is None if the endpoint counted nothing sensibly."""

    text: str
    counts: TokenCounts | None
    finish: Finish


class ReplyReader:
    """Takes a reply's bytes; whether it is streamed is seen from the bytes themselves.

    `most_chars` bounds the answer, `most_bytes` what is kept of a line or of a whole reply. Once
    `full`, the rest need not be read.
    """

    def __init__(self, most_chars: int, most_bytes: int) -> None:
        self.text = ""
        self.full = False
        self._most_chars = most_chars
        self._most_bytes = most_bytes
        self._kept = b""
        self._streamed: bool | None = None
        self._counts: TokenCounts | None = None
        self._finish: str | None = None
        self._refused = False
        self._done = False
        self._parts = 0

    @property
    def streamed(self) -> bool:
        """Whether the answer comes in parts."""
        return self._streamed is True

    def feed(self, data: bytes) -> None:
        """Take the next bytes. Raises ValueError if they are no completion."""
        if self.full:
            return
        self._kept += data
        if self._streamed is None:
            start = self._kept.lstrip()
            if not start:
                self._kept = b""
                return
            self._streamed = start.startswith((b"data", b":", b"event", b"id", b"retry"))
        if self._streamed:
            *lines, self._kept = self._kept.split(b"\n")
            for line in lines:
                self._line(line)
        if len(self._kept) > self._most_bytes:
            self.full = True

    def end(self) -> Reply:
        """The reply, once there is no more of it. Raises ValueError if it is none or broke off."""
        if self.full:
            return Reply(self.text, self._counts, "cut")
        if self._streamed:
            self._line(self._kept)
        elif self._kept:
            self._part(_json(self._kept))
            self._done = self._parts > 0
        if self.full:
            return Reply(self.text, self._counts, "cut")
        if not self._done and self._finish is None:
            raise ValueError("the reply broke off")
        if not self.text and self._counts is None and self._finish is None:
            raise ValueError(_NO_COMPLETION)
        return Reply(self.text, self._counts, self._finish_word())

    def _line(self, line: bytes) -> None:
        field, _, value = line.strip().partition(b":")
        if field != b"data" or self.full or self._done:
            return
        if value.strip() == b"[DONE]":
            self._done = True
        elif value.strip():
            self._part(_json(value))

    def _part(self, part: Any) -> None:
        """A whole completion, or one event of a streamed one."""
        if not isinstance(part, dict):
            raise ValueError(_NO_COMPLETION)
        choices = part.get("choices")
        if not isinstance(choices, list | None):
            raise ValueError(_NO_COMPLETION)
        if not choices and part.get("error") is not None:
            raise ValueError("the endpoint failed in the middle of its answer")
        self._parts += 1
        usage = part.get("usage")
        if usage is not None:
            self._counts = _counts(usage) or self._counts
        if choices:
            self._choice(choices[0])

    def _choice(self, choice: Any) -> None:
        if not isinstance(choice, dict):
            raise ValueError(_NO_COMPLETION)
        said = choice.get("message") or choice.get("delta") or {}
        if not isinstance(said, dict):
            raise ValueError(_NO_COMPLETION)
        finish, content = choice.get("finish_reason"), said.get("content")
        if not isinstance(finish, str | None) or not isinstance(content, str | None):
            raise ValueError(_NO_COMPLETION)
        self._finish = finish or self._finish
        self._refused = self._refused or bool(said.get("refusal"))
        self.text += content or ""
        if len(self.text) > self._most_chars:
            self.text = self.text[: self._most_chars]
            self.full = True

    def _finish_word(self) -> Finish:
        if self._finish == "content_filter" or (self._refused and not self.text):
            return "content_filter"
        return "length" if self._finish == "length" else "stop"


def _json(data: bytes) -> Any:
    try:
        return orjson.loads(data)
    except ValueError:
        pass
    try:
        # Some endpoints write numbers that only Python knows: NaN, Infinity.
        return json.loads(data)
    except (ValueError, RecursionError):
        raise ValueError("the reply is not JSON") from None


def _counts(usage: object) -> TokenCounts | None:
    """The tokens of a `usage`; None if a count in it cannot be one."""
    if not isinstance(usage, dict):
        return None
    asked, said = _count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens"))
    details = usage.get("prompt_tokens_details")
    cached: int | None = 0
    if details is not None:
        told = details.get("cached_tokens", 0) if isinstance(details, dict) else -1
        cached = 0 if told is None else _count(told)
    if asked is None or said is None or cached is None:
        return None
    return TokenCounts(asked, min(cached, asked), said)


def _count(value: object) -> int | None:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and value >= 0 else None
