"""What an embedded model is to the server: a name, a context length and answers to chats."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

JsonSchema = Mapping[str, Any]

TokenCounter = Callable[[str], int]
"""Number of tokens of a text."""


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message of a chat; `role` is system, user or assistant."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished answer with the tokens it took; `finish_reason` is stop or length."""

    text: str
    prompt_tokens: int
    completion_tokens: int
    finish_reason: str = "stop"
    cached_tokens: int = 0


class Arm(Protocol):
    """A model of the pool; `answer` blocks and is called from `workers` threads at most."""

    @property
    def name(self) -> str:
        """The model name that requests use."""

    @property
    def context_tokens(self) -> int:
        """Most tokens that the prompt and the answer may have together."""

    @property
    def workers(self) -> int:
        """How many answers it gives at a time."""

    def answer(
        self, messages: Sequence[ChatMessage], json_schema: JsonSchema | None, max_tokens: int
    ) -> Answer:
        """Answer a chat.

        Raises ContextLengthError if it does not fit and InvalidInputError if the arm cannot
        answer this kind of message.
        """


class ContextLengthError(Exception):
    """The prompt and the room asked for the answer exceed the arm's context."""

    def __init__(self, tokens: int, limit: int) -> None:
        super().__init__(
            f"This model's maximum context length is {limit} tokens, but {tokens} were asked for."
        )
