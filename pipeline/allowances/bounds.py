"""How many tokens a call can use at most, before it is made."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

_A_MESSAGE = 16
_PROVED_AFTER = 8
_MARGIN = 1.25


class PromptBound:
    """Bounds the prompt tokens of one arm by the bytes of its prompts.

    A token of a byte-level vocabulary has a byte or more, so at first a byte counts as a token.
    After some replies it is the most tokens a byte that were seen, and a quarter on top.
    """

    def __init__(self) -> None:
        self._replies = 0
        self._most = 0.0

    def tokens(self, size: int) -> int:
        """At most so many tokens has a prompt of `size` bytes."""
        share = min(1.0, _MARGIN * self._most) if self._replies >= _PROVED_AFTER else 1.0
        return math.ceil(size * share)

    def saw(self, size: int, tokens: int) -> None:
        """A prompt of `size` bytes had `tokens` tokens, as the endpoint counted."""
        self._replies += 1
        self._most = max(self._most, tokens / max(size, 1))


def prompt_bytes(messages: Sequence[tuple[str, str]], json_schema: Mapping[str, Any]) -> int:
    """The size of a prompt with what endpoints add to it."""
    text = sum(len(content.encode("utf-8", "replace")) + _A_MESSAGE for _, content in messages)
    return text + len(orjson.dumps(dict(json_schema)))
