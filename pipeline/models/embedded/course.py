"""What a speaker does in each sentence of a window, whatever the subject: turn to another, chat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.domains import Domain
from pipeline.models.embedded.cues import Scores
from pipeline.models.embedded.organizing import Decision, is_telling, probabilities
from pipeline.models.embedded.segmentation import Emissions, best_path

_SURE: Final = 2.5
_BREAK_COST: Final = 1.2
_MENTION: Final = 1.0
CHAT_LEAD: Final = 0.9
"""How far chat must lead, in log odds, before it is worth a break."""
_UNDECIDED: Final = 1 / (1 + float(np.exp(-CHAT_LEAD)))
_AT_TURN: Final = 0.7
_OPENING: Final = 1.0
_ALONE: Final = Decision(sharpness=1.0, neighbours=0.0)

Shares = NDArray[np.float64]
"""One value between 0 and 1 a sentence."""


@dataclass(frozen=True)
class Course:
    """`turning`: how likely another subject begins here; `aside`: that nothing is presented."""

    turning: Shares
    aside: Shares

    def switch_costs(self, plain: float, at_turn: float) -> tuple[float, ...]:
        """What it costs to change subject at each sentence: less where the speaker turns."""
        return tuple(float(cost) for cost in plain + (at_turn - plain) * self.turning)

    def breaks(self, strengths: Shares, chat_lead: float = CHAT_LEAD) -> NDArray[np.bool_]:
        """The sentences outside all presentations; `strengths` is how clearly each names one.

        Single chatty sentences stay inside: a break has to be worth leaving and coming back.
        `chat_lead` is how far chat must lead, in log odds.
        """
        odds = np.log((self.aside + 1e-6) / (1 - self.aside + 1e-6))
        lean = np.clip(odds, -_SURE, _SURE) - chat_lead - _MENTION * strengths
        emissions: Emissions = np.stack([np.zeros_like(lean), lean], axis=1)
        path = best_path(emissions, (_BREAK_COST,) * len(lean))
        return np.array(path, dtype=np.bool_)


def course(
    domain: Domain,
    scores: Scores,
    turns: Sequence[bool],
    texts: Sequence[str],
    lang: str,
    decision: Decision,
) -> Course:
    """The course of `texts` from their category scores and from where a turn is announced."""
    size = len(texts)
    if not size:
        return Course(np.zeros(0), np.zeros(0))
    telling = np.array([is_telling(text, lang) for text in texts], dtype=np.bool_)
    table = probabilities(scores, decision, telling)
    # What opens a subject stands alone among other sentences: their mix says nothing about it.
    single = probabilities(scores, _ALONE, np.zeros(size, dtype=np.bool_))
    opens = [column for column, category in enumerate(domain.categories) if category.opens]
    asides = [column for column, category in enumerate(domain.categories) if category.aside]
    opening = np.minimum(1.0, _OPENING * single[:, opens].sum(axis=1))
    announced = _AT_TURN * np.array(turns, dtype=np.float64) if turns else np.zeros(size)
    turning = 1 - (1 - opening) * (1 - announced)
    aside = table[:, [*asides, table.shape[1] - 1]].sum(axis=1)
    # A sentence that says nothing, or speaks to a machine, goes with those around it.
    return Course(np.where(telling, turning, 0.0), np.where(telling, aside, _UNDECIDED))
