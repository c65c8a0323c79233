"""How often the text changes its character: a belief over change rates that itself can change."""

RATES = (0.5, 0.15, 0.05, 0.015, 0.005, 0.0015)
"""Chance of a change from one window to the next, about a factor of three apart: from every second
window to one in several hundred."""

FAST = 0.1

RESET = 0.0005
"""Chance a window that the rate itself changes: it is taken to last some thousand windows."""


_FAST_RATES = sum(rate >= FAST for rate in RATES)
_STAYS = tuple(1.0 - rate for rate in RATES)


class Hazard:
    """Posterior over `RATES`, from pairs of windows whose regime was recognised.

    `rate` is the expected chance of a change per window, `fast_share` the chance that the next
    change is one of a fast succession.
    """

    def __init__(self) -> None:
        self.rate = self.fast_share = 0.0
        self.weights = [1.0 / len(RATES)] * len(RATES)

    @property
    def weights(self) -> list[float]:
        """Probability of each rate."""
        return self._weights

    @weights.setter
    def weights(self, weights: list[float]) -> None:
        self._weights = weights
        rates = [w * r for w, r in zip(weights, RATES, strict=True)]
        self.rate = sum(rates)
        self.fast_share = sum(rates[:_FAST_RATES]) / self.rate

    def observe(self, changed: bool, gap: int) -> None:
        """Between two recognised windows `gap` (>= 1) apart the regime did or did not change."""
        stay_prior = (1.0 - RESET) ** gap
        even = (1.0 - stay_prior) / len(RATES)
        posterior = []
        for weight, base in zip(self._weights, _STAYS, strict=True):
            stay = base**gap
            posterior.append((weight * stay_prior + even) * (1.0 - stay if changed else stay))
        total = sum(posterior)
        self.weights = [p / total for p in posterior]
