"""How often the text changes its character: a belief over change rates that itself can change."""

RATES = (0.5, 0.15, 0.05, 0.015, 0.005, 0.0015)
"""Chance of a change from one window to the next, about a factor of three apart: from every second
window to one in several hundred."""

FAST = 0.1

RESET = 0.0005
"""Chance a window that the rate itself changes: it is taken to last some thousand windows."""


class Hazard:
    """Posterior over `RATES`, from pairs of windows whose regime was recognised."""

    def __init__(self) -> None:
        self.weights = [1.0 / len(RATES)] * len(RATES)

    def observe(self, changed: bool, gap: int) -> None:
        """Between two recognised windows `gap` (>= 1) apart the regime did or did not change."""
        stay_prior = (1.0 - RESET) ** gap
        even = (1.0 - stay_prior) / len(RATES)
        posterior = []
        for weight, rate in zip(self.weights, RATES, strict=True):
            stay = (1.0 - rate) ** gap
            posterior.append((weight * stay_prior + even) * (1.0 - stay if changed else stay))
        total = sum(posterior)
        self.weights = [p / total for p in posterior]

    @property
    def rate(self) -> float:
        """Expected chance of a change per window."""
        return sum(w * r for w, r in zip(self.weights, RATES, strict=True))

    @property
    def fast_share(self) -> float:
        """Chance that the next change is one of a fast succession."""
        fast = sum(w * r for w, r in zip(self.weights, RATES, strict=True) if r >= FAST)
        return fast / self.rate
