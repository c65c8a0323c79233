"""Sentences that say of themselves which subject they are about and in which categories."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_MARK = re.compile(r"\[(?P<subject>[^|\]]*)\|(?P<categories>[^\]]*)\]")


@dataclass(frozen=True)
class Truth:
    """What a marked sentence says of itself; `subject` is None for chatter."""

    subject: str | None
    categories: tuple[str, ...]


def marked(subject: str | None, categories: Sequence[str], words: str) -> str:
    """A sentence that carries its own labels."""
    return f"[{subject or ''}|{','.join(categories)}] {words}"


def truth(text: str) -> Truth:
    """The labels of a marked sentence; a sentence without marks is chatter."""
    match = _MARK.search(text)
    if match is None:
        return Truth(None, ())
    names = tuple(name for name in match["categories"].split(",") if name)
    return Truth(match["subject"] or None, names)
