"""Lexical cues of a domain, weighed by how well they tell the domain's own examples apart."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.domains import Domain
from pipeline.models.embedded.words import content_words, fragments, stems

Scores = NDArray[np.float64]
"""One row a sentence, one column a category in declared order, then one for filler."""

_UNSEEN: Final = 0.5
_ABSENCE: Final = 1.5
_LONG_TEXT: Final = 2000
_NOTHING: Final = 20.0


@dataclass(frozen=True)
class CueSheet:
    """The compiled cues of one language: per column, patterns with weights, and `absence`.

    `absence` is what a sentence without any cue of the column scores: little for categories whose
    sentences nearly always show a cue, more for those that talk about anything.
    """

    columns: tuple[tuple[tuple[re.Pattern[str], float], ...], ...]
    absence: tuple[float, ...]
    hints: tuple[frozenset[str], ...]
    transitions: tuple[re.Pattern[str], ...]
    lang: str

    def scores(self, texts: Sequence[str]) -> Scores:
        """Sum of the weights of the cues that occur, else the column's `absence`.

        A column without cues counts the words it shares with its description.
        """
        rows = [self._row(text[:_LONG_TEXT]) for text in texts]
        scores = np.array(rows, dtype=np.float64).reshape(len(texts), len(self.columns))
        scores[:, -1] += [_NOTHING * self.says_nothing(text) for text in texts]
        return scores

    def is_transition(self, text: str) -> bool:
        """Whether the speaker seems to turn to another subject here."""
        return any(pattern.search(text[:_LONG_TEXT]) for pattern in self.transitions)

    def says_nothing(self, text: str) -> bool:
        """Whether the sentence shows a cue of filler and of no category, and no word with meaning.

        "Okay" alone is filler whatever its neighbours are; a piece of a sentence need not be.
        """
        lowered = text[:_LONG_TEXT].casefold()
        *categories, filler = (
            any(pattern.search(lowered) for pattern, _ in cues) for cues in self.columns
        )
        return filler and not any(categories) and not content_words(text, self.lang)

    def _row(self, text: str) -> list[float]:
        lowered = text.casefold()
        row = []
        columns = zip(self.columns, self.absence, self.hints, strict=True)
        for cues, absence, hint in columns:
            weights = sorted(
                (weight for pattern, weight in cues if pattern.search(lowered)), reverse=True
            )
            # Cues of one category overlap, so a further one counts half of the one before.
            score = sum(weight * 0.5**rank for rank, weight in enumerate(weights))
            if not weights:
                score += absence
            if hint:
                score += 0.5 * len(hint & stems(text, self.lang))
            row.append(score)
        return row


def cue_sheet(domain: Domain, lang: str) -> CueSheet:
    """The domain's cues in `lang`; a column without any gets the words of its description."""
    sets = [(category.cues, category.examples) for category in domain.categories]
    sets.append((domain.filler.cues, domain.filler.examples))
    examples = [
        tuple(piece.casefold() for text in given.get(lang, ()) for piece in fragments(text, lang))
        for _, given in sets
    ]
    patterns = [
        tuple(re.compile(pattern, re.IGNORECASE) for pattern in cues.get(lang, ()))
        for cues, _ in sets
    ]
    hints = [
        frozenset() if patterns[column] else _description_stems(domain, column, lang)
        for column in range(len(domain.categories))
    ]
    return CueSheet(
        columns=tuple(
            tuple(
                (pattern, max(0.2, min(3.0, _log_odds((pattern,), examples, column)[0])))
                for pattern in own
            )
            for column, own in enumerate(patterns)
        ),
        absence=tuple(
            _ABSENCE * _log_odds(own, examples, column)[1] if own else 0.0
            for column, own in enumerate(patterns)
        ),
        hints=(*hints, frozenset()),
        transitions=tuple(re.compile(p, re.IGNORECASE) for p in domain.transitions.get(lang, ())),
        lang=lang,
    )


def _log_odds(
    patterns: Sequence[re.Pattern[str]], examples: Sequence[Sequence[str]], column: int
) -> tuple[float, float]:
    """Log of how much likelier a text of the column is than another to show a cue, and none."""
    hits = [sum(any(p.search(t) for p in patterns) for t in texts) for texts in examples]
    own, size = hits[column], len(examples[column])
    total = sum(len(texts) for texts in examples)
    if total == 0:
        return 1.0, 0.0
    inside = (own + _UNSEEN) / (size + 2 * _UNSEEN)
    outside = (sum(hits) - own + _UNSEEN) / (total - size + 2 * _UNSEEN)
    return math.log(inside / outside), math.log((1 - inside) / (1 - outside))


def _description_stems(domain: Domain, column: int, lang: str) -> frozenset[str]:
    category = domain.categories[column]
    text = category.description.get(lang, "") + " " + category.name.replace("_", " ")
    return stems(text, lang)
