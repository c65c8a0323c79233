"""Chooses the subjects of a window among the phrases that occur in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from pipeline.models.embedded.phrases import Head, heads
from pipeline.models.embedded.prices import last_price
from pipeline.models.embedded.role_answers import FoundSubject
from pipeline.models.embedded.segmentation import Emissions, best_path
from pipeline.prompt_format import TaskPrompt

_CANDIDATES: Final = 60
_ALIASES: Final = 5
_INTRODUCED: Final = 1.0

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
    turns: Sequence[bool] = (),
) -> tuple[FoundSubject, ...]:
    """The heads that the best segmentation of the window uses, in order of appearance.

    `turns` marks the sentences in which the speaker turns to something: what is named there may
    be a subject even if it is named only once.
    """
    texts = [text for _, text in task.sentences]
    introduced = {row for row, turn in enumerate(turns) if turn}
    found = [
        head
        for head in heads(texts, task.lang)
        if len(head.rows) >= limits.sentences or introduced.intersection(head.rows)
    ]
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


def mention_fit(
    found: Sequence[Head],
    texts: Sequence[str],
    worth: Sequence[float],
    turns: Sequence[bool] = (),
) -> Emissions:
    """How clearly a sentence names a head, more where it turns to it, times the head's worth."""
    fit = np.zeros((len(texts), len(found)), dtype=np.float64)
    for column, head in enumerate(found):
        for row, strength in head.strengths.items():
            introduced = _INTRODUCED if turns and turns[row] else 0.0
            fit[row, column] = (strength + introduced) * worth[column]
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


def _attributes(task: TaskPrompt, texts: Sequence[str]) -> dict[str, str | None]:
    """The price as last said in the subject's sentences; other attributes are not looked for."""
    return {
        name: last_price(texts, task.lang) if name == "price" else None for name in task.attributes
    }
