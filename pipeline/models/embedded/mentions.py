"""How strongly each sentence of a window names each subject of a task."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

import numpy as np

from pipeline.models.embedded.names import name_tokens, normal_name
from pipeline.models.embedded.segmentation import Emissions
from pipeline.models.embedded.words import has_cjk
from pipeline.prompt_format import PromptSubject

_WHOLE_NAME: Final = 1.5
_HEAD_ONLY: Final = 0.6


def subject_names(subject: PromptSubject) -> tuple[str, ...]:
    """The name and the aliases of a subject, empty ones left out."""
    return tuple(name for name in (subject.name, *subject.aliases) if normal_name(name))


def mention_strengths(
    subjects: Sequence[PromptSubject], texts: Sequence[str], lang: str
) -> Emissions:
    """Strength per sentence (row) and subject (column): 0 no mention, 1.5 the whole name.

    A word that several subjects share counts for each of them only its part.
    """
    names = [subject_names(subject) for subject in subjects]
    tokens = [frozenset().union(*(name_tokens(n, lang) for n in own)) for own in names]
    shared = Counter(token for own in tokens for token in own)
    strengths = np.zeros((len(texts), len(subjects)), dtype=np.float64)
    for row, text in enumerate(texts):
        plain = normal_name(text)
        squeezed = plain.replace(" ", "")
        present = name_tokens(text, lang)
        for column, own in enumerate(names):
            strengths[row, column] = max(
                (
                    _strength(name, plain, squeezed, present, shared, lang)
                    for name in own
                ),
                default=0.0,
            )
    return strengths


def _strength(
    name: str,
    plain: str,
    squeezed: str,
    present: frozenset[str],
    shared: Counter[str],
    lang: str,
) -> float:
    wanted = normal_name(name)
    tokens = name_tokens(name, lang)
    rarity = sum(1 / max(shared[token], 1) for token in tokens) / max(len(tokens), 1)
    if has_cjk(wanted):
        if wanted.replace(" ", "") in squeezed:
            return _WHOLE_NAME * rarity
    elif f" {wanted} " in f" {plain} ":
        return _WHOLE_NAME * rarity
    found = [token for token in tokens if token in present]
    if not found:
        return 0.0
    weight = sum(1 / max(shared[token], 1) for token in found)
    return _HEAD_ONLY * weight + (_WHOLE_NAME - _HEAD_ONLY) * rarity * (len(found) == len(tokens))
