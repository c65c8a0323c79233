"""What the outcomes of one stay in a kind of text tell: they are alike and may err together."""

from pipeline.rolerl.likeness import Cell

STAY = 0.25
"""Outcomes of a stay share this part of the likeness of neighbours beyond what the regime explains:
a stay tells at most about four outcomes' worth of a cell."""
TOLD_OUT = 16
"""Known outcomes of a cell after which a stay tells hardly more of it."""


class Stay:
    """Known outcomes by cell since the text last changed its kind.

    `told_out` has a bit for each arm of a role of which this stay can tell little more.
    """

    def __init__(self) -> None:
        self.counts: dict[Cell, int] = {}
        self.told_out: dict[int, int] = {}

    def news(self, role: int, arm: int, likeness: float) -> float:
        """Count one more outcome of a cell; returns how much it adds to those of this stay.

        n outcomes that are alike by r are worth n / (1 + (n - 1) r) independent ones (Kish's design
        effect); if the stay was put down to the wrong regime they are all wrong together.
        """
        cell = (role, arm)
        before = self.counts.get(cell, 0)
        now = self.counts[cell] = before + 1
        if not before:
            return 1.0
        if now == TOLD_OUT:
            self._tell_out(cell)
        alike = likeness * STAY
        return now / (1.0 + before * alike) - before / (1.0 + (before - 1) * alike)

    def _tell_out(self, cell: Cell) -> None:
        role, arm = cell
        self.told_out[role] = self.told_out.get(role, 0) | 1 << arm

    def begin(self) -> None:
        """The text has changed: nothing is known of the new stay."""
        self.counts.clear()
        self.told_out.clear()

    def state(self) -> list[list[int]]:
        """Everything as JSON values."""
        return [[*cell, count] for cell, count in self.counts.items()]

    def restore(self, state: list[list[int]]) -> None:
        """The inverse of `state`."""
        self.counts = {(role, arm): count for role, arm, count in state}
        self.told_out = {}
        for cell, count in self.counts.items():
            if count >= TOLD_OUT:
                self._tell_out(cell)
