"""Chooses the subjects of a window among the phrases that occur in it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from pipeline.models.embedded.phrases import Head, heads
from pipeline.models.embedded.role_answers import FoundSubject
from pipeline.models.embedded.segmentation import Emissions, best_path
from pipeline.prompt_format import TaskPrompt

_CANDIDATES: Final = 40
_ALIASES: Final = 5

HeadFit = Callable[[Sequence[Head], Sequence[str]], Emissions]
"""How well each sentence (row) fits each head (column)."""


@dataclass(frozen=True)
class FinderLimits:
    """`sentences` is how many sentences must name a subject, `weight` the fit they must sum to."""

    sentences: int = 2
    weight: float = 1.2


def find_subjects(
    task: TaskPrompt,
    head_fit: HeadFit,
    switch_costs: Sequence[float],
    limits: FinderLimits,
) -> tuple[FoundSubject, ...]:
    """The heads that the best segmentation of the window uses, in order of appearance."""
    texts = [text for _, text in task.sentences]
    found = [head for head in heads(texts, task.lang) if len(head.rows) >= limits.sentences]
    found = sorted(found, key=lambda head: -sum(head.strengths.values()))[:_CANDIDATES]
    if not found:
        return ()
    fit = head_fit(found, texts)
    path = np.array(best_path(fit, switch_costs))
    chosen = []
    for column in dict.fromkeys(int(value) for value in path):
        rows = np.flatnonzero(path == column)
        if fit[rows, column].sum() >= limits.weight:
            chosen.append((found[column], rows))
    return tuple(_subject(task, head, [texts[row] for row in rows]) for head, rows in chosen)


def mention_fit(found: Sequence[Head], texts: Sequence[str], worth: Sequence[float]) -> Emissions:
    """Fit by mentions alone: how clearly a sentence names a head, times what the head is worth."""
    fit = np.zeros((len(texts), len(found)), dtype=np.float64)
    for column, head in enumerate(found):
        for row, strength in head.strengths.items():
            fit[row, column] = strength * worth[column]
    return fit


def _subject(task: TaskPrompt, head: Head, own_texts: Sequence[str]) -> FoundSubject:
    counts = Counter(phrase.text for phrase in head.phrases)
    lengths = {phrase.text: len(phrase.key) for phrase in head.phrases}
    ranked = sorted(
        counts,
        key=lambda text: (counts[text] > 1, min(lengths[text], 3), counts[text]),
        reverse=True,
    )
    return FoundSubject(
        name=ranked[0],
        aliases=tuple(ranked[1 : 1 + _ALIASES]),
        attributes=_attributes(task, own_texts),
    )


_MONEY: Final[Mapping[str, re.Pattern[str]]] = {
    "zh": re.compile("[0-9零一二两三四五六七八九十百千万.点]+(?:多)?(?:块|元)(?:钱)?[0-9一二三四五六七八九]?"),
    "en": re.compile(
        r"(?:[$£€] ?\d[\d.,]*|\b(?:\d[\d.,]*|(?:(?:one|two|three|four|five|six|seven|eight|nine|ten|"
        r"eleven|twelve|\w+teen|\w+ty|hundred|thousand|and|a)[ -]?)+) ?"
        r"(?:dollars?|pounds?|euros?|bucks?|pesos?|rupees?|ringgit|quid|p\b))",
        re.IGNORECASE,
    ),
}


def _attributes(task: TaskPrompt, texts: Sequence[str]) -> dict[str, str | None]:
    """Prices are read off the subject's sentences, the last one said; the rest is unknown."""
    pattern = _MONEY.get(task.lang, _MONEY["en"])
    said = [match[0].strip() for text in texts for match in pattern.finditer(text)]
    price = said[-1] if said else None
    return {name: price if name == "price" else None for name in task.attributes}
