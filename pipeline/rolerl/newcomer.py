"""Whether the present text is of a kind never seen: evidence gathered over a stay."""

from collections.abc import Callable, Iterable
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
        column_of: Callable[[int, int], list[float]],
        own_weight: float,
        start: float,
    ) -> bool:
        """One window's outcomes; returns whether a new kind is to be made.

        `expected`: belief before them, its last entry for the unseen kind; `column_of`: by role and
        arm the chance in each kind, the unseen one last, worth `own_weight` outcomes; `start`:
        chance that such a kind begins with this window.
        """
        likely = expected[:-1]
        total = sum(likely) or 1.0
        going_on, starting = self.log_odds, log(max(start, LEAST_CHANCE))
        fresh: dict[Cell, list[float]] = {}
        strange = False
        for role, arm, success in outcomes:
            column = column_of(role, arm)
            of_unseen = own_weight * column[-1]
            before, total = total, 0.0
            for k, b in enumerate(likely):
                likely[k] = b * (column[k] if success else 1.0 - column[k])
                total += likely[k]
            foretold = max(total / before, LEAST_CHANCE) if before > 0.0 else LEAST_CHANCE
            strange = strange or foretold < FORETOLD
            going_on += _gain(self.cells, (role, arm), success, of_unseen, own_weight, foretold)
            starting += _gain(fresh, (role, arm), success, of_unseen, own_weight, foretold)
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


def _gain(
    cells: dict[Cell, list[float]],
    cell: Cell,
    success: bool,
    of_unseen: float,
    own_weight: float,
    foretold: float,
) -> float:
    """Count an outcome that the known kinds foretold with that chance; what it adds to the log odds

    of a kind of which `cells` are known so far.
    """
    counts = cells.get(cell)
    if counts is None:
        counts = cells[cell] = [0.0, 0.0]
    right, wrong = counts
    chance = (right + of_unseen) / (right + wrong + own_weight)
    if success:
        counts[0] = right + 1.0
    else:
        counts[1] = wrong + 1.0
        chance = 1.0 - chance
    if foretold >= FORETOLD and chance >= foretold:
        return 0.0
    return log(max(chance, LEAST_CHANCE) / foretold)
