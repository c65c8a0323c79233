"""From category scores of a window's sentences to the content organizer's answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.domains import Domain
from pipeline.models.embedded.addressed import speaks_to_machine
from pipeline.models.embedded.cues import Scores
from pipeline.models.embedded.prices import last_price
from pipeline.models.embedded.role_answers import OrganizedItem
from pipeline.models.embedded.words import content_words
from pipeline.prompt_format import TaskPrompt

_PRIOR_ROUNDS: Final = 20
_PRIOR_STRENGTH: Final = 8.0
_PER_CONTENT_WORD: Final = 0.5
_SHORT_LEANS: Final = 1.4
_LONG_LEANS: Final = 0.6
_SHORT: Final = 2.0
_BEGINS: Final = (2.0, 1.0)
_ELSEWHERE: Final = 0.5


@dataclass(frozen=True)
class Decision:
    """How scores become categories.

    `sharpness` multiplies scores before the softmax; `neighbours` is the weight of the mean log
    probability of the sentences beside a sentence; a second category needs `second` times the
    probability of the first.
    """

    sharpness: float = 1.0
    neighbours: float = 0.6
    second: float = 0.9


def probabilities(
    scores: Scores,
    decision: Decision,
    telling: NDArray[np.bool_] | None = None,
    leanings: NDArray[np.float64] | None = None,
) -> Scores:
    """Category probabilities per sentence, fitted to the window's own mix of categories.

    The mix is estimated by expectation maximisation (Saerens, Latinne and Decaestecker, Neural
    Computation 14(1), 2002) with an even prior worth a few sentences. Rows that are not `telling`
    influence neither their neighbours nor the mix. `leanings` multiply the weight that each row
    gives to its neighbours.
    """
    if not len(scores):
        return scores
    heard = np.ones(len(scores), dtype=np.bool_) if telling is None else telling
    logs = np.log(_softmax(decision.sharpness * scores) + 1e-9)
    lent = np.where(heard[:, None], logs, 0.0)
    lenders = heard.astype(np.float64)
    beside = np.zeros_like(logs)
    counts = np.zeros(len(logs))
    beside[1:] += lent[:-1]
    counts[1:] += lenders[:-1]
    beside[:-1] += lent[1:]
    counts[:-1] += lenders[1:]
    weights = decision.neighbours / np.maximum(counts, 1)
    if leanings is not None:
        weights = weights * leanings
    likelihood = _softmax(logs + weights[:, None] * beside)
    columns = scores.shape[1]
    prior = np.full(columns, 1 / columns)
    for _ in range(_PRIOR_ROUNDS):
        prior = _posterior(likelihood[heard], prior).sum(axis=0) + _PRIOR_STRENGTH / columns
        prior /= prior.sum()
    return _posterior(likelihood, prior)


def organize(
    task: TaskPrompt, domain: Domain, scores: Scores, decision: Decision
) -> tuple[OrganizedItem, ...]:
    """One item for each offered sentence of each subject.

    `scores` has one row for each of the task's sentences, one column for each category of
    `domain` and a last one for filler. Only categories that the task allows are named.
    """
    rows = {number: row for row, (number, _) in enumerate(task.sentences)}
    allowed = [
        column for column, name in enumerate(domain.category_names) if name in task.categories
    ]
    texts = [text for _, text in task.sentences]
    telling = np.array([is_telling(text, task.lang) for text in texts], dtype=np.bool_)
    placed = scores + at_beginnings(task, domain, scores.shape[1])
    table = probabilities(
        placed[:, [*allowed, scores.shape[1] - 1]], decision, telling, leaning(texts, task.lang)
    )
    labels = [domain.category_names[column] for column in allowed]
    return tuple(
        OrganizedItem(subject.number, number, _categories(table[rows[number]], labels, decision))
        for subject in task.subjects
        for number in dict.fromkeys(subject.offered)
        if number in rows
    )


def _categories(row: Scores, labels: Sequence[str], decision: Decision) -> tuple[str, ...]:
    order = [int(column) for column in np.argsort(-row, kind="stable")]
    first = order[0]
    if first == len(labels):
        return ()
    second = [
        column
        for column in order[1:2]
        if column < len(labels) and row[column] >= decision.second * row[first]
    ]
    return tuple(labels[column] for column in (first, *second))


def is_telling(text: str, lang: str) -> bool:
    """Whether a sentence says anything about those around it."""
    says = content_words(text, lang) > 0 or last_price((text,), lang) is not None
    return says and not speaks_to_machine(text)


def less_filler(scores: Scores, texts: Sequence[str], lang: str) -> Scores:
    """Scores with the filler column lowered for each word that carries meaning."""
    lowered = scores.copy()
    lowered[:, -1] -= [_PER_CONTENT_WORD * content_words(text, lang) for text in texts]
    return lowered


def leaning(texts: Sequence[str], lang: str) -> NDArray[np.float64]:
    """How much each sentence goes by its neighbours: the shorter a fragment, the more."""
    words = np.array([content_words(text, lang) for text in texts], dtype=np.float64)
    lean: NDArray[np.float64] = _LONG_LEANS + (_SHORT_LEANS - _LONG_LEANS) / (1 + words / _SHORT)
    return lean


def at_beginnings(task: TaskPrompt, domain: Domain, columns: int) -> Scores:
    """What speaks for an opening: it stands where a subject is first offered, rarely elsewhere."""
    rows = {number: row for row, (number, _) in enumerate(task.sentences)}
    begins = np.zeros(len(rows))
    for subject in task.subjects:
        offered = sorted(number for number in subject.offered if number in rows)
        for place, number in enumerate(offered[: len(_BEGINS)]):
            begins[rows[number]] = max(begins[rows[number]], _BEGINS[place])
    opens = [column for column, category in enumerate(domain.categories) if category.opens]
    speaks = np.zeros((len(rows), columns))
    speaks[:, opens] = (begins - _ELSEWHERE)[:, None]
    return speaks


def _posterior(likelihood: Scores, prior: Scores) -> Scores:
    joint = likelihood * prior
    normal: Scores = joint / joint.sum(axis=1, keepdims=True)
    return normal


def _softmax(values: Scores) -> Scores:
    shifted = np.exp(values - values.max(axis=1, keepdims=True))
    total: Scores = shifted / shifted.sum(axis=1, keepdims=True)
    return total
