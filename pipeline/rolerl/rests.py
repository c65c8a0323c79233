"""Arms that rest in a role because their answers kept failing the free checks."""

OUT_AFTER, OUT_DECISIONS = 3, 500.0
"""An arm whose answers failed their checks three times in a row in a role rests for 500 decisions,
then each further failure sends it back."""


class Rests:
    """Failures in a row by (role, arm), and until which decision of the role the arm rests."""

    def __init__(self) -> None:
        self.cells: dict[tuple[int, int], tuple[int, float]] = {}

    def passed(self, role: int, arm: int) -> None:
        """An answer passed its checks."""
        self.cells.pop((role, arm), None)

    def failed(self, role: int, arm: int, decisions: float) -> bool:
        """An answer failed at that decision of the role; returns whether the arm rests now."""
        row, _ = self.cells.get((role, arm), (0, 0.0))
        self.cells[(role, arm)] = (row + 1, decisions + OUT_DECISIONS)
        return row + 1 >= OUT_AFTER

    def rests(self, role: int, arm: int, decisions: float) -> bool:
        """Whether the arm rests at that decision of the role."""
        row, until = self.cells.get((role, arm), (0, 0.0))
        return row >= OUT_AFTER and decisions < until

    def state(self) -> list[list[float]]:
        """Everything as JSON values."""
        return [[*cell, *out] for cell, out in self.cells.items()]

    def restore(self, state: list[list[float]]) -> None:
        """The inverse of `state`."""
        self.cells = {(int(r), int(a)): (int(row), until) for r, a, row, until in state}
