"""How often the text changes its character: a belief over change rates that itself can change."""

from functools import lru_cache
from math import frexp
from operator import mul
from typing import NamedTuple

RATES = (0.5, 0.15, 0.05, 0.015, 0.005, 0.0015)
"""Chance of a change from one window to the next, about a factor of three apart: from every second
window to one in several hundred."""

FAST = 0.1

RESET = 0.0005
"""Chance a window that the rate itself changes: it is taken to last some thousand windows."""


_FAST_RATES = sum(rate >= FAST for rate in RATES)


class Gap(NamedTuple):
    """What so many windows do: how much of each rate's weight stays, what every rate is given

    instead, and the chance under each rate that the text has not changed, or has.
    """

    kept: float
    even: float
    stayed: tuple[float, ...]
    changed: tuple[float, ...]


@lru_cache(maxsize=256)
def gap_of(windows: int) -> Gap:
    """The gap of `windows` (>= 1); most are short."""
    kept = (1.0 - RESET) ** windows
    stayed = tuple((1.0 - rate) ** windows for rate in RATES)
    return Gap(kept, (1.0 - kept) / len(RATES), stayed, tuple(1.0 - stay for stay in stayed))


class Hazard:
    """Posterior over `RATES`, from pairs of windows whose regime was recognised.

    `rate` is the expected chance of a change per window, `grade` its binary exponent, `fast_share`
    the chance that the next change is one of a fast succession.
    """

    def __init__(self) -> None:
        self.rate = self.fast_share = 0.0
        self.grade = 0
        self.weights = [1.0 / len(RATES)] * len(RATES)

    @property
    def weights(self) -> list[float]:
        """Probability of each rate."""
        return self._weights

    @weights.setter
    def weights(self, weights: list[float]) -> None:
        self._weights = weights
        rates = list(map(mul, weights, RATES))
        self.rate = sum(rates)
        self.grade = frexp(self.rate)[1]
        self.fast_share = sum(rates[:_FAST_RATES]) / self.rate

    def observe(self, changed: bool, gap: int) -> None:
        """Between two recognised windows `gap` (>= 1) apart the regime did or did not change."""
        kept, even, stayed, has_changed = gap_of(gap)
        likely = has_changed if changed else stayed
        posterior = list(map(mul, [w * kept + even for w in self._weights], likely))
        total = sum(posterior)
        self.weights = [p / total for p in posterior]
