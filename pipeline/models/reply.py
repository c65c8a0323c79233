"""Reads an endpoint's reply as it comes, streamed or whole, and never more of it than allowed."""

import json
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, NonNegativeInt, ValidationError

from schemas.answers import Finish


class _Tolerant(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class _Message(_Tolerant):
    content: str | None = None
    refusal: str | None = None


class _Choice(_Tolerant):
    message: _Message | None = None
    delta: _Message | None = None
    finish_reason: str | None = None


class _Details(_Tolerant):
    cached_tokens: NonNegativeInt | None = None


class _Usage(_Tolerant):
    prompt_tokens: NonNegativeInt
    completion_tokens: NonNegativeInt
    prompt_tokens_details: _Details | None = None


class _Part(_Tolerant):
    """A whole completion, or one event of a streamed one."""

    choices: tuple[_Choice, ...] | None = None
    usage: object = None
    error: object = None


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
            raise ValueError("the reply is no completion")
        return Reply(self.text, self._counts, self._finish_word())

    def _line(self, line: bytes) -> None:
        field, _, value = line.strip().partition(b":")
        if field != b"data" or self.full or self._done:
            return
        if value.strip() == b"[DONE]":
            self._done = True
        elif value.strip():
            self._part(_json(value))

    def _part(self, value: Any) -> None:
        try:
            part = _Part.model_validate(value)
        except ValidationError:
            raise ValueError("the reply is no completion") from None
        if part.error is not None and not part.choices:
            raise ValueError("the endpoint failed in the middle of its answer")
        self._parts += 1
        self._counts = _counts(part.usage) or self._counts
        if not part.choices:
            return
        choice = part.choices[0]
        said = choice.message or choice.delta or _Message()
        self._finish = choice.finish_reason or self._finish
        self._refused = self._refused or bool(said.refusal)
        self.text += said.content or ""
        if len(self.text) > self._most_chars:
            self.text = self.text[: self._most_chars]
            self.full = True

    def _finish_word(self) -> Finish:
        if self._finish == "content_filter" or (self._refused and not self.text):
            return "content_filter"
        return "length" if self._finish == "length" else "stop"


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise ValueError("the reply is not JSON") from None


def _counts(usage: object) -> TokenCounts | None:
    try:
        read = _Usage.model_validate(usage)
    except ValidationError:
        return None
    details = read.prompt_tokens_details
    cached = (details.cached_tokens or 0) if details is not None else 0
    return TokenCounts(read.prompt_tokens, min(cached, read.prompt_tokens), read.completion_tokens)
