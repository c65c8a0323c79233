"""Reads an endpoint's reply, which the openai client passes on without checking its types."""

from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, NonNegativeInt, ValidationError


class _Tolerant(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class _Message(_Tolerant):
    content: str | None = None


class _Choice(_Tolerant):
    message: _Message


class _Details(_Tolerant):
    cached_tokens: NonNegativeInt | None = None


class _Usage(_Tolerant):
    prompt_tokens: NonNegativeInt
    completion_tokens: NonNegativeInt
    prompt_tokens_details: _Details | None = None


class _Reply(_Tolerant):
    choices: tuple[_Choice, ...] | None = None
    usage: object = None


class TokenCounts(NamedTuple):
    """The endpoint's own count; `cached` is the part of `input` that it read from a cache."""

    input: int
    cached: int
    output: int


def read_reply(reply: object) -> tuple[str, TokenCounts | None]:
    """The answer's text and, if the endpoint counted its tokens sensibly, the count.

    Raises ValueError if the reply is no completion: neither an answer nor a bill.
    """
    try:
        read = _Reply.model_validate(reply)
    except ValidationError:
        raise ValueError("the reply is no completion") from None
    counts = _counts(read.usage)
    if not read.choices and counts is None:
        raise ValueError("the reply is no completion")
    text = (read.choices[0].message.content or "") if read.choices else ""
    return text, counts


def _counts(usage: object) -> TokenCounts | None:
    try:
        read = _Usage.model_validate(usage)
    except ValidationError:
        return None
    details = read.prompt_tokens_details
    cached = (details.cached_tokens or 0) if details is not None else 0
    return TokenCounts(read.prompt_tokens, min(cached, read.prompt_tokens), read.completion_tokens)
