"""Whether the present text is of a kind never seen: evidence gathered over a stay."""

from collections.abc import Iterable
from math import exp, log
from typing import Any

Cell = tuple[int, int]
Outcome = tuple[int, int, bool]
"""(role, arm, success) as indices."""

NEW_EVIDENCE = 3.0
"""A new kind is made once it is twenty times as likely as all that is known."""
LEAST_CHANCE = 1e-6
NEVER = log(LEAST_CHANCE)
FORETOLD = 0.5
"""What was foretold with this chance is no evidence for a new kind, however well that explains it:
it would only fit what one stay happens to show."""

FADING = 0.2
"""Log odds that a window takes away in which all was foretold: what fits the known is known."""


class Newcomer:
    """Log odds of a kind that began at the window that makes it likeliest, against the known ones.

    A sequential likelihood ratio test with a free starting point (Page 1954). `cells` holds what
    was right and wrong of (role, arm) since then: what says nothing new, however often it is seen,
    weighs nothing, and a contradiction weighs each time.
    """

    def __init__(self) -> None:
        self.log_odds = NEVER
        self.cells: dict[Cell, list[float]] = {}

    def weigh(
        self,
        outcomes: Iterable[Outcome],
        expected: list[float],
        columns: list[list[list[float]]],
        own_weight: float,
        start: float,
    ) -> bool:
        """One window's outcomes; returns whether a new kind is to be made.

        `expected`: belief before them, its last entry for the unseen kind; `columns`: chances by
        role, arm and kind, the unseen one last, worth `own_weight` outcomes; `start`: chance that
        such a kind begins with this window.
        """
        likely = expected[:-1]
        total = sum(likely) or 1.0
        going_on, starting = self.log_odds, max(log(max(start, LEAST_CHANCE)), NEVER)
        fresh: dict[Cell, list[float]] = {}
        strange = False
        for role, arm, success in outcomes:
            column = columns[role][arm]
            if success:
                likely = [b * p for b, p in zip(likely, column, strict=False)]
            else:
                likely = [b * (1.0 - p) for b, p in zip(likely, column, strict=False)]
            before, total = total, sum(likely)
            foretold = max(total / before, LEAST_CHANCE) if before > 0.0 else LEAST_CHANCE
            for kind in (0, 1):
                cells = fresh if kind else self.cells
                cell = cells.setdefault((role, arm), [0.0, 0.0])
                good = (cell[0] + own_weight * column[-1]) / (cell[0] + cell[1] + own_weight)
                cell[not success] += 1.0
                gain = log(max(good if success else 1.0 - good, LEAST_CHANCE) / foretold)
                if foretold >= FORETOLD:
                    gain = min(gain, 0.0)
                else:
                    strange = True
                if kind:
                    starting += gain
                else:
                    going_on += gain
        if starting >= going_on:
            self.cells = fresh
        self.log_odds = max(starting, going_on) - (0.0 if strange else FADING)
        return self.log_odds > NEW_EVIDENCE

    @property
    def chance(self) -> float:
        """Probability that the present text is of the new kind."""
        return 1.0 / (1.0 + exp(-min(self.log_odds, 30.0)))

    def settle(self) -> dict[Cell, list[float]]:
        """The kind is known from now on; what was right and wrong in it so far."""
        cells, self.cells = self.cells, {}
        self.log_odds = NEVER
        return cells

    def state(self) -> list[Any]:
        """Everything as JSON values."""
        return [self.log_odds, [[*cell, *counts] for cell, counts in self.cells.items()]]

    def restore(self, state: list[Any]) -> None:
        """The inverse of `state`."""
        self.log_odds, cells = state
        self.cells = {(r, a): [right, wrong] for r, a, right, wrong in cells}
