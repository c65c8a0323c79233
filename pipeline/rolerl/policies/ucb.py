"""Discounted UCB, the textbook answer to a drifting bandit."""

from math import log, sqrt

from pipeline.rolerl.policies.scalar import ScalarPolicy
from pipeline.rolerl.policy import Key

WIDTH = 0.5
"""Factor of the confidence width; 1/2 is the variance bound of a variable in [0, 1]."""


class UcbPolicy(ScalarPolicy):
    """The arm with the highest mean + width sqrt(2 ln N / n) over discounted counts.

    Source: Garivier and Moulines, On Upper-Confidence Bound Policies for Switching Bandits (2011).
    """

    name = "ucb"

    def _mix(self, key: Key, models: list[str]) -> dict[str, float]:
        tallies = self.tallies(key)
        total = max(sum(t.count for t in tallies.values()), 1.0)

        def bound(model: str) -> float:
            tally = tallies.get(model)
            if tally is None or tally.count < 1e-3:
                return float("inf")
            return tally.mean + WIDTH * sqrt(2.0 * log(total) / tally.count)

        best = max(models, key=bound)
        return {m: float(m == best) for m in models}
