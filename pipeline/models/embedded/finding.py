"""Chooses the subjects of a window among the phrases that occur in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from pipeline.models.embedded.course import Course
from pipeline.models.embedded.phrases import Head, heads
from pipeline.models.embedded.prices import last_price
from pipeline.models.embedded.role_answers import FoundSubject
from pipeline.models.embedded.segmentation import Emissions, best_path, path_worth
from pipeline.models.embedded.words import has_cjk
from pipeline.prompt_format import TaskPrompt

_CANDIDATES: Final = 60
_WITHOUT_ARTICLES: Final = frozenset(("zh",))
_ALIASES: Final = 5
_INTRODUCED: Final = 2.0
_TURN: Final = 0.5
_NEAR: Final = 2
_UNNUMBERED: Final = 0.7
_BY_NUMBER_ROWS: Final = 3
_ASIDE_LOSS: Final = 0.6

_Part = tuple[Head, Sequence[int]]

HeadFit = Callable[[Sequence[Head], Sequence[str]], Emissions]
"""How well each sentence (row) fits each head (column)."""


@dataclass(frozen=True)
class FinderLimits:
    """How much must speak for a subject.

    `sentences` is how many sentences must name it, `weight` the fit its stretches must sum to,
    `subject_cost` what the best path must gain by it.
    """

    sentences: int = 2
    weight: float = 1.0
    subject_cost: float = 1.2


def find_subjects(
    task: TaskPrompt,
    head_fit: HeadFit,
    course: Course,
    switch_costs: Sequence[float],
    limits: FinderLimits,
) -> tuple[FoundSubject, ...]:
    """The heads that the best segmentation of the window uses, in order of appearance.

    What is shown where the speaker turns to something may be a subject even if it is named once.
    """
    texts = [text for _, text in task.sentences]
    introduced = {int(row) for row in np.flatnonzero(course.turning >= _TURN)}
    found = [
        head
        for head in heads(texts, task.lang)
        if len(head.rows) >= limits.sentences
        or introduced.intersection(_shown_rows(head, task.lang))
    ]
    found = sorted(found, key=lambda head: -sum(head.strengths.values()))[:_CANDIDATES]
    if not found:
        return ()
    fit = head_fit(found, texts)
    columns = _needed(fit, switch_costs, limits.subject_cost)
    path = np.array(columns)[list(best_path(fit[:, columns], switch_costs))]
    chosen = []
    for column in dict.fromkeys(int(value) for value in path):
        rows = np.flatnonzero(path == column)
        if fit[rows, column].sum() >= limits.weight:
            chosen.append((found[column], rows.tolist()))
    return tuple(
        _subject(task, head, [texts[row] for row in rows])
        for head, rows in _joined(chosen, introduced)
    )


def _shown_rows(head: Head, lang: str) -> Collection[int]:
    """Where a head may be shown: in languages without articles, wherever it is named."""
    return head.rows if lang in _WITHOUT_ARTICLES else head.presented_rows


def _joined(parts: Sequence[_Part], introduced: Collection[int]) -> list[_Part]:
    """Chinese names of one kind, one after the other and without a turn between, are one thing.

    A kettle is 水壶 to one speaker and 暖壶 in the next sentence; what the last character says they
    share.
    """
    joined: list[_Part] = []
    for head, rows in parts:
        last = joined[-1] if joined else None
        if last and last[0].stem[-1] == head.stem[-1] and has_cjk(head.stem):
            begins = min(rows)
            if not any(abs(row - begins) <= _NEAR for row in introduced):
                phrases = (*last[0].phrases, *head.phrases)
                joined[-1] = (Head(last[0].stem, phrases), sorted({*last[1], *rows}))
                continue
        joined.append((head, rows))
    return joined


def _needed(fit: Emissions, switch_costs: Sequence[float], subject_cost: float) -> list[int]:
    """The columns without which the best path would lose more than what a subject costs.

    What is only mentioned while something else is presented is dropped first.
    """
    kept = sorted(set(best_path(fit, switch_costs)))
    total = path_worth(fit[:, kept], switch_costs)
    while len(kept) > 1:
        left = [
            path_worth(fit[:, [*kept[:index], *kept[index + 1 :]]], switch_costs)
            for index in range(len(kept))
        ]
        index = int(np.argmax(left))
        if total - left[index] >= subject_cost:
            break
        total = left[index]
        del kept[index]
    return kept


def mention_fit(
    found: Sequence[Head],
    texts: Sequence[str],
    worth: Sequence[float],
    course: Course,
) -> Emissions:
    """How clearly a sentence names a head, times the head's worth.

    A name counts more where the speaker turns to another subject, less where he chats.
    """
    fit = np.zeros((len(texts), len(found)), dtype=np.float64)
    by_number = _go_by_number(found)
    for column, head in enumerate(found):
        if by_number and not head.numbered:
            worth = [*worth[:column], _UNNUMBERED * worth[column], *worth[column + 1 :]]
        for row, strength in head.strengths.items():
            heard = strength * (1 - _ASIDE_LOSS * course.aside[row])
            heard += _INTRODUCED * course.turning[row]
            fit[row, column] = heard * worth[column]
    return fit


def _go_by_number(found: Sequence[Head]) -> bool:
    """Whether the speaker calls his things by number, as shops with one kind of thing do."""
    numbered = [head for head in found if head.numbered and len(head.rows) > 1]
    often = any(len(head.rows) >= _BY_NUMBER_ROWS for head in numbered)
    return (len(numbered) > 1 or often) and any(head.presented_rows for head in numbered)


def _subject(task: TaskPrompt, head: Head, own_texts: Sequence[str]) -> FoundSubject:
    counts = Counter(phrase.text for phrase in head.names)
    lengths = {phrase.text: len(phrase.key) for phrase in head.names}
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
