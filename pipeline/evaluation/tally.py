"""Counts of right, found and wanted items, and what is read off them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Tally:
    """`right` of `found` items are right, `met` of `wanted` items were found.

    `right` and `met` are the same number unless several answers meet one wish.
    """

    right: int = 0
    found: int = 0
    met: int = 0
    wanted: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.right + other.right,
            self.found + other.found,
            self.met + other.met,
            self.wanted + other.wanted,
        )

    @property
    def precision(self) -> float:
        """Share of the found that is right; without any, 1 if nothing was wanted, else 0."""
        return self.right / self.found if self.found else float(self.wanted == 0)

    @property
    def recall(self) -> float:
        """Share of the wanted that was found; without any, 1 if nothing was found, else 0."""
        return self.met / self.wanted if self.wanted else float(self.found == 0)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall, 0 if both are."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def simple(right: int, found: int, wanted: int) -> Tally:
    """A tally where every right answer meets one wish."""
    return Tally(right, found, right, wanted)


def percentile(values: list[float], share: float) -> float:
    """The nearest-rank percentile: the least value that `share` of the values do not exceed.

    0 for no values.
    """
    if not values:
        return 0.0
    ordered = sorted(values)
    rank = -(-len(ordered) * round(share * 100) // 100)
    return ordered[max(rank, 1) - 1]
