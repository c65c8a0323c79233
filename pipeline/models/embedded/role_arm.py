"""An arm made of code: reads the task out of the chat and answers it by four methods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from pipeline.errors import InvalidInputError
from pipeline.models.embedded.arm import (
    Answer,
    ChatMessage,
    ContextLengthError,
    JsonSchema,
    TokenCounter,
)
from pipeline.models.embedded.role_answers import (
    FoundSubject,
    OrganizedItem,
    SubjectSpan,
    finder_json,
    locator_json,
    organizer_json,
    relationship_json,
)
from pipeline.prompt_format import TaskPrompt, parse_user

_CONTEXT_TOKENS: Final = 65_536


class RoleMethods(Protocol):
    """How an arm plays the four model roles for one domain; each method is deterministic."""

    def find(self, task: TaskPrompt) -> Sequence[FoundSubject]:
        """The subjects that the sentences present."""

    def locate(self, task: TaskPrompt) -> Sequence[SubjectSpan]:
        """The stretches of each subject."""

    def relate(self, task: TaskPrompt) -> Sequence[tuple[int, int]]:
        """Pairs of subject numbers that are the same thing."""

    def organize(self, task: TaskPrompt) -> Sequence[OrganizedItem]:
        """The categories of every offered sentence."""


@dataclass(frozen=True)
class RoleArm:
    """Answers role tasks of the domains in `methods`; other chats are refused."""

    name: str
    methods: Mapping[str, RoleMethods]
    count_tokens: TokenCounter
    context_tokens: int = _CONTEXT_TOKENS
    workers: int = 1

    def answer(
        self, messages: Sequence[ChatMessage], json_schema: JsonSchema | None, max_tokens: int
    ) -> Answer:
        """The role's answer as JSON; the form is fixed, so `json_schema` is not looked at."""
        del json_schema
        prompt_tokens = sum(self.count_tokens(message.content) for message in messages)
        if prompt_tokens > self.context_tokens:
            raise ContextLengthError(prompt_tokens, self.context_tokens)
        task = read_task(messages)
        if task.domain not in self.methods:
            raise InvalidInputError(
                f"unknown domain {task.domain!r}: start the server with its file; "
                f"known are {', '.join(sorted(self.methods))}"
            )
        text = _play(self.methods[task.domain], task)
        tokens = self.count_tokens(text)
        if tokens <= max_tokens:
            return Answer(text, prompt_tokens, tokens)
        cut = _cut(text, max_tokens, self.count_tokens)
        return Answer(cut, prompt_tokens, self.count_tokens(cut), "length")


def read_task(messages: Sequence[ChatMessage]) -> TaskPrompt:
    """The task of a chat: its last user message that is one; what follows asks for a repair."""
    for message in reversed(messages):
        if _is_task(message):
            return parse_user(message.content)
    raise InvalidInputError("this model answers role tasks only: no user message holds a <task>")


def holds_task(messages: Sequence[ChatMessage]) -> bool:
    """Whether a chat asks for a role's work."""
    return any(_is_task(message) for message in messages)


def _is_task(message: ChatMessage) -> bool:
    return message.role == "user" and message.content.lstrip().startswith("<task>")


def _play(methods: RoleMethods, task: TaskPrompt) -> str:
    match task.role:
        case "topic_finder":
            return finder_json(methods.find(task))
        case "topic_locator":
            return locator_json(methods.locate(task))
        case "relationship_checker":
            return relationship_json(methods.relate(task))
        case "content_organizer":
            return organizer_json(methods.organize(task))
    raise InvalidInputError(f"this model does not play the role {task.role!r}")


def _cut(text: str, max_tokens: int, count_tokens: TokenCounter) -> str:
    """The longest beginning of `text` within `max_tokens`, found by halving."""
    fits, too_long = 0, len(text)
    while too_long - fits > 1:
        middle = (fits + too_long) // 2
        if count_tokens(text[:middle]) <= max_tokens:
            fits = middle
        else:
            too_long = middle
    return text[:fits]
