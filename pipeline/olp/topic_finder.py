"""Topic finder: which subjects does this window present?"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from pipeline.domains import Domain
from pipeline.olp.answer_json import as_name, extract_object
from pipeline.olp.role import (
    Prompt,
    Reading,
    build_prompt,
    list_schema,
    numbered_sentences,
    object_schema,
)
from pipeline.prompt_format import TaskPrompt
from schemas.role_task import FoundSubject, RoleTask
from schemas.roles import Role

MAX_SUBJECTS = 24
_MAX_ALIASES = 6
_LIKELY_MIN_SENTENCES = 3


class TopicFinder:
    """Asks for names, aliases and the domain's attributes; checks that the text bears them out."""

    role = Role.TOPIC_FINDER

    def skips(self, task: RoleTask) -> RoleTask | None:
        """A window always has to be read."""
        return None

    def prompt(self, task: RoleTask, domain: Domain, quotes: bool = False) -> Prompt:
        """The window's sentences and the attributes to note."""
        attributes = tuple(item.name for item in domain.attributes)
        return build_prompt(
            domain,
            TaskPrompt(
                role=self.role.value,
                domain=domain.name,
                lang=task.window.lang,
                attributes=attributes,
                categories=(),
                subjects=(),
                sentences=numbered_sentences(task),
            ),
            _answer_schema(attributes),
            max_output_tokens=1200,
        )

    def read(self, task: RoleTask, domain: Domain, answer: str) -> Reading:
        """Keep subjects whose name the text bears out, once each and at most MAX_SUBJECTS."""
        value = extract_object(answer, "subjects")
        listed = value.get("subjects") if value is not None else None
        if not isinstance(listed, list):
            return Reading(None, ('the answer has no list "subjects"',), 1, 1, {})
        allowed = {item.name for item in domain.attributes}
        text = " ".join([sentence.text for sentence in task.window.sentences]).casefold()
        found: dict[str, FoundSubject] = {}
        faults: list[str] = []
        dropped = 0
        too_many = max(len(listed) - 2 * MAX_SUBJECTS, 0)
        for index, item in enumerate(listed[: 2 * MAX_SUBJECTS], start=1):
            subject, fault = _subject(item, allowed, number=len(found) + 1)
            if subject is None:
                dropped += 1
                faults.append(f"subjects[{index}]: {fault}")
            elif not any(_borne_out(name, text) for name in (subject.name, *subject.aliases)):
                dropped += 1
                faults.append(f"subjects[{index}]: {subject.name!r} is not named in the sentences")
            elif subject.name.casefold() in found:
                continue
            elif len(found) == MAX_SUBJECTS:
                too_many += 1
            else:
                found[subject.name.casefold()] = subject
        if too_many:
            faults.append(f"there are more than {MAX_SUBJECTS} subjects")
        subjects = tuple(found.values())
        sentences = len(task.window.sentences)
        return Reading(
            task.model_copy(update={"subjects": subjects}),
            tuple(faults),
            dropped + too_many,
            max(len(listed), 1),
            {
                "names_verbatim": all(subject.name.casefold() in text for subject in subjects),
                "not_too_many": len(subjects) * _LIKELY_MIN_SENTENCES <= max(sentences, 3),
                "names_are_short": all(len(s.name) <= 60 for s in subjects),
                "something_found": bool(subjects) or sentences < 2 * _LIKELY_MIN_SENTENCES,
            },
        )


@cache
def _answer_schema(attributes: tuple[str, ...]) -> Mapping[str, Any]:
    text = {"type": "string", "minLength": 1, "maxLength": 120}
    value = {"type": ["string", "null"], "maxLength": 120}
    subject = object_schema(
        {
            "name": text,
            "aliases": list_schema(text, _MAX_ALIASES),
            "attributes": object_schema(dict.fromkeys(attributes, value)),
        }
    )
    return object_schema({"subjects": list_schema(subject, MAX_SUBJECTS)})


def _subject(item: object, allowed: set[str], number: int) -> tuple[FoundSubject | None, str]:
    if not isinstance(item, dict):
        return None, "not an object"
    name = as_name(item.get("name"))
    if name is None or not _is_word(name):
        return None, "no usable name"
    aliases: list[str] = []
    listed = item.get("aliases")
    for alias in listed if isinstance(listed, list) else []:
        clean = as_name(alias)
        if clean is None or not _is_word(clean) or clean in aliases:
            continue
        if clean.casefold() != name.casefold():
            aliases.append(clean)
    return (
        FoundSubject(
            number=number,
            name=name,
            aliases=tuple(aliases[:_MAX_ALIASES]),
            attributes=_attributes(item.get("attributes"), allowed),
        ),
        "",
    )


def _is_word(name: str) -> bool:
    return any(character.isalnum() for character in name)


def _attributes(value: Any, allowed: set[str]) -> dict[str, str | None]:
    if not isinstance(value, dict):
        return {}
    named = {key: as_name(value.get(key)) for key in sorted(allowed)}
    return {key: name for key, name in named.items() if name is not None}


def _borne_out(name: str, text: str) -> bool:
    folded = name.casefold()
    if folded in text:
        return True
    if not folded.isascii() and " " not in folded:
        pairs = [folded[i : i + 2] for i in range(len(folded) - 1)]
        return bool(pairs) and sum(pair in text for pair in pairs) * 2 >= len(pairs)
    words = [word for word in folded.split() if len(word) > 2]
    return bool(words) and sum(word in text for word in words) * 2 >= len(words)
