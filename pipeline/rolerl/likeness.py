"""Whether outcomes that follow each other closely are alike: what hidden kinds of text show by."""

from typing import Any

CLOSE_WINDOWS = 5
"""Outcomes of the same cell at most so many windows apart tell how noisy a cell is."""
PAIRS, PAIR_MEMORY = 2.0, 0.995
"""Pseudo-count of such pairs at the start, half of the expected disagreement; and what of them is
kept after each pair."""
LONG_PAIRS, LONG_MEMORY, NOISE = 40.0, 0.9995, 0.1
"""Over some two thousand pairs: if neighbours are no more alike than this, regimes are patterns in
noise and become one."""
BLEND_PAIRS, BLEND_LIMIT = 6.0, 0.4
"""A regime is two in one if its neighbouring outcomes disagree less than this part of what chance
would make of them, once that comes to six disagreements."""
LEAST_STAY = 0.5

Cell = tuple[int, int]


class Likeness:
    """Pairs of outcomes of the same (role, arm): how often they disagree, how often by chance."""

    def __init__(self) -> None:
        self.last: dict[Cell, tuple[int, bool]] = {}
        self.disagreed, self.expected = 0.5 * PAIRS * 0.5, PAIRS * 0.5
        self.long_pairs = [0.25 * LONG_PAIRS, 0.5 * LONG_PAIRS]

    @property
    def share(self) -> float:
        """Correlation of the outcomes of a cell within a short time, 0.01..0.95."""
        return min(max(1.0 - self.disagreed / self.expected, 0.01), 0.95)

    @property
    def is_noise(self) -> bool:
        """Whether neighbouring outcomes of a cell are, in the long run, not alike."""
        return 1.0 - self.long_pairs[0] / self.long_pairs[1] < NOISE

    def compare(self, cell: Cell, number: int, success: bool, chance: float) -> None:
        """One more outcome, in window `number`; `chance` of success over all windows."""
        before = self.last.get(cell)
        self.last[cell] = (number, success)
        if before is None or not 0 < number - before[0] <= CLOSE_WINDOWS:
            return
        by_chance = 2.0 * chance * (1.0 - chance)
        differs = before[1] != success
        disagreed = self.disagreed = PAIR_MEMORY * self.disagreed + differs
        expected = PAIR_MEMORY * self.expected + by_chance
        long = self.long_pairs
        long[0] = LONG_MEMORY * long[0] + differs
        long[1] = LONG_MEMORY * long[1] + by_chance
        if expected < disagreed or expected < 1e-6:
            expected = max(disagreed, 1e-6)
        self.expected = expected

    def state(self) -> dict[str, Any]:
        """Everything as JSON values."""
        return {
            "last": [[*cell, *seen] for cell, seen in self.last.items()],
            "pairs": [self.disagreed, self.expected, *self.long_pairs],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """The inverse of `state`."""
        self.last = {(r, a): (n, s) for r, a, n, s in state["last"]}
        self.disagreed, self.expected, *self.long_pairs = state["pairs"]


class Blend:
    """Whether one regime is really two that take turns: its outcomes then come in runs."""

    def __init__(self) -> None:
        self.last: dict[Cell, tuple[int, bool]] = {}
        self.disagreed = 0.0
        self.expected = 0.0

    def add(self, cell: Cell, number: int, success: bool, chance: float, rate: float) -> None:
        """One more outcome of the regime in window `number`; `chance`: share of right ones there.

        A pair counts by the chance that the text did not change between, at `rate` a window.
        """
        before = self.last.get(cell)
        self.last[cell] = (number, success)
        if before is None or number <= before[0]:
            return
        weight = (1.0 - rate) ** (number - before[0])
        if weight < LEAST_STAY:
            return
        self.disagreed = PAIR_MEMORY * self.disagreed + weight * (before[1] != success)
        self.expected = PAIR_MEMORY * self.expected + weight * 2.0 * chance * (1.0 - chance)

    @property
    def found(self) -> bool:
        """Whether that is shown."""
        return self.expected > BLEND_PAIRS and self.disagreed < BLEND_LIMIT * self.expected

    def state(self) -> list[Any]:
        """Everything as JSON values."""
        return [
            self.disagreed,
            self.expected,
            [[*cell, *seen] for cell, seen in self.last.items()],
        ]

    @classmethod
    def of(cls, state: list[Any]) -> "Blend":
        """The inverse of `state`."""
        made = cls()
        made.disagreed, made.expected, last = state
        made.last = {(r, a): (n, s) for r, a, n, s in last}
        return made
