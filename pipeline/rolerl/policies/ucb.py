"""Discounted UCB, the textbook answer to a drifting bandit."""

from math import log, sqrt

from pipeline.rolerl.policies.scalar import ScalarPolicy
from pipeline.rolerl.policies.tallies import Tallies

WIDTH = 0.5
"""Factor of the confidence width; 1/2 is the variance bound of a variable in [0, 1]."""
LEAST_COUNT = 1e-3
"""An arm whose observations have faded to less counts as never tried."""


class UcbPolicy(ScalarPolicy):
    """The arm with the highest mean + width sqrt(2 ln N / n) over discounted counts.

    Source: Garivier and Moulines, On Upper-Confidence Bound Policies for Switching Bandits (2011).
    """

    name = "ucb"

    def _mix(self, tallies: Tallies) -> list[float]:
        best = self._draw(tallies)[0]
        return [float(arm == best) for arm in tallies.playing]

    def _draw(self, tallies: Tallies) -> tuple[int, float]:
        weights, means = tallies.weights, tallies.means
        least = LEAST_COUNT * tallies.scale
        width = WIDTH * sqrt(2.0 * log(max(tallies.total, 1.0)) * tallies.scale)
        best, top = -1, float("-inf")
        for arm in tallies.playing:
            weight = weights[arm]
            if weight < least:
                return arm, 1.0
            bound = means[arm] + width / sqrt(weight)
            if bound > top:
                best, top = arm, bound
        return best, 1.0
