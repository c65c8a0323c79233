"""How a role's task is written into one chat message and read back.

Every model gets the same text; the embedded models parse it, hosted ones read it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import orjson
from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as checked_dataclass

from pipeline.errors import InvalidInputError

# `<` would let a sentence close its own block; the rest can hide or reorder text on a screen.
_ESCAPED: Final = re.compile("[<\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_MESSAGE: Final = re.compile(
    r"\A\s*<task>\n(?P<task>.*)\n</task>\n<sentences>\n(?P<sentences>.*?)\n?</sentences>\s*\Z",
    re.DOTALL,
)
_SENTENCE: Final = re.compile(r'([1-9][0-9]{0,8}) (".*")', re.DOTALL)
_BEFORE_FIRST, _BETWEEN, _AFTER_LAST = "[\n  ", ",\n  ", "\n]"
_CHECKED: Final = ConfigDict(extra="forbid", strict=True)


@checked_dataclass(frozen=True, slots=True, config=_CHECKED)
class PromptSubject:
    """A subject as a task names it.

    `number` is the task's own (1-based); `known` marks subjects of earlier windows; `evidence`
    and `offered` hold local sentence numbers.
    """

    number: int
    name: str
    aliases: tuple[str, ...] = ()
    known: bool = False
    evidence: tuple[int, ...] = ()
    offered: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class TaskPrompt:
    """One role's task over one window; `sentences` are (local 1-based number, text) pairs."""

    role: str
    domain: str
    lang: str
    attributes: tuple[str, ...]
    categories: tuple[str, ...]
    subjects: tuple[PromptSubject, ...]
    sentences: tuple[tuple[int, str], ...]


@checked_dataclass(frozen=True, slots=True, config=_CHECKED)
class _Header:
    role: str
    domain: str
    lang: str
    attributes: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subjects: tuple[PromptSubject, ...] = ()


_HEADER: Final = TypeAdapter(_Header)


def render_user(task: TaskPrompt) -> str:
    """Write `task` as the user message.

    Raises InvalidInputError for unpaired surrogates, which UTF-8 cannot carry, and for numbers
    that do not identify one sentence or subject.
    """
    _check_numbers(task)
    header: dict[str, object] = {
        "role": task.role,
        "domain": task.domain,
        "lang": task.lang,
        "attributes": task.attributes,
        "categories": task.categories,
    }
    if task.subjects or task.role != "topic_finder":
        header["subjects"] = [_subject_json(subject, task.role) for subject in task.subjects]
    start = f"<task>\n{_escaped(_json(header))}\n</task>\n<sentences>\n"
    return f"{start}{_escaped(_lines(task.sentences))}</sentences>"


def parse_user(text: str) -> TaskPrompt:
    """Read a message written by `render_user`; raises InvalidInputError saying what is wrong."""
    parts = _MESSAGE.match(text)
    if parts is None:
        raise InvalidInputError(
            "the message is no role task: expected <task>...</task><sentences>...</sentences>"
        )
    _reject_surrogates(text)
    try:
        header = _HEADER.validate_json(parts["task"])
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(step) for step in first["loc"]) or "the object"
        raise InvalidInputError(
            f"the <task> block is malformed at {where}: {first['msg']}"
        ) from None
    task = TaskPrompt(
        role=header.role,
        domain=header.domain,
        lang=header.lang,
        attributes=header.attributes,
        categories=header.categories,
        subjects=header.subjects,
        sentences=_sentences(parts["sentences"]),
    )
    _check_numbers(task)
    return task


def _sentences(block: str) -> tuple[tuple[int, str], ...]:
    return tuple(_sentence(line) for line in block.split("\n")) if block else ()


def _sentence(line: str) -> tuple[int, str]:
    parts = _SENTENCE.fullmatch(line)
    try:
        text = json.loads(parts[2]) if parts else None
    except ValueError:
        text = None
    if parts is None or not isinstance(text, str):
        raise InvalidInputError(f'a line of <sentences> is not NUMBER "JSON string": {line[:60]!r}')
    _reject_surrogates(text)
    return int(parts[1]), text


def _subject_json(subject: PromptSubject, role: str) -> dict[str, object]:
    fields: dict[str, object] = {
        "number": subject.number,
        "name": subject.name,
        "aliases": subject.aliases,
        "known": subject.known,
        "evidence": subject.evidence,
    }
    if subject.offered or role == "content_organizer":
        fields["offered"] = subject.offered
    return fields


def _lines(sentences: Sequence[tuple[int, str]]) -> str:
    """A line a sentence. They are written as one list: no item of it has a line break inside."""
    listed = _json([text for _, text in sentences], orjson.OPT_INDENT_2)
    texts = listed[len(_BEFORE_FIRST) : -len(_AFTER_LAST)].split(_BETWEEN)
    if len(texts) != len(sentences):
        texts = [_json(text) for _, text in sentences]
    return "".join(
        [f"{number} {text}\n" for (number, _), text in zip(sentences, texts, strict=True)]
    )


def _json(value: object, option: int = 0) -> str:
    try:
        return orjson.dumps(value, option=option).decode()
    except TypeError:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        _reject_surrogates(text)
        return text


def _escaped(text: str) -> str:
    if text.isascii() and "<" not in text and "\x7f" not in text:
        return text
    return _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _reject_surrogates(text: str) -> None:
    found = _SURROGATE.search(text)
    if found is not None:
        raise InvalidInputError(
            f"unpaired surrogate U+{ord(found[0]):04X} at character {found.start()}: "
            "the text is not valid Unicode; decode it with errors='replace'"
        )


def _check_numbers(task: TaskPrompt) -> None:
    numbers = [number for number, _ in task.sentences]
    if min(numbers, default=1) < 1 or len(set(numbers)) < len(numbers):
        raise InvalidInputError("sentence numbers must be positive and each used once")
    subjects = [subject.number for subject in task.subjects]
    if any(number < 1 for number in subjects) or len(set(subjects)) < len(subjects):
        raise InvalidInputError("subject numbers must be positive and each used once")
