"""Thompson sampling with forgetting, its probabilities worked out so that they can be logged."""

import numpy as np

from pipeline.rolerl.policies.scalar import ScalarPolicy
from pipeline.rolerl.policies.tallies import Tallies

GRID_POINTS = 65
PRIOR_COUNT = 1.0
PRIOR_MEAN = 0.5
PRIOR_DEVIATION = 0.5
LOGISTIC_SCALE = 1.702
"""A normal distribution function is close to the logistic of 1.702 x (largest error 0.01)."""
RENEWED = 25.0
"""The probabilities are worked out anew once a twenty-fifth of the observations is new."""


class ThompsonPolicy(ScalarPolicy):
    """Each arm with the probability that its mean is the highest under normal posteriors.

    Source: Thompson (1933); the integral over the best mean is taken on a grid.
    """

    name = "thompson"

    def _mix(self, tallies: Tallies) -> list[float]:
        since = tallies.since
        if tallies.mix is None or (since and since * RENEWED >= tallies.total):
            tallies.mix = self._posterior(tallies)
            tallies.since = 0
        return tallies.mix

    def _posterior(self, tallies: Tallies) -> list[float]:
        playing = tallies.playing
        counts = np.array([tallies.count(arm) for arm in playing])
        means = np.array([tallies.means[arm] for arm in playing])
        spreads = np.array([tallies.spreads[arm] / tallies.scale for arm in playing])
        weights = counts + PRIOR_COUNT
        middle = (counts * means + PRIOR_COUNT * PRIOR_MEAN) / weights
        spreads = spreads + PRIOR_COUNT * PRIOR_DEVIATION**2
        return chance_of_best(middle, np.sqrt(spreads / weights / weights))

    def _draw(self, tallies: Tallies) -> tuple[int, float]:
        mix = self._mix(tallies)
        point = self.rng.random()
        for arm, probability in zip(tallies.playing, mix, strict=True):
            point -= probability
            if point < 0.0:
                return arm, probability
        return tallies.playing[-1], mix[-1]


def chance_of_best(means: np.ndarray, deviations: np.ndarray) -> list[float]:
    """Probability that each of n independent normals is the highest; sums to 1.

    `means`, `deviations`: arrays of shape (n,).
    """
    low = float((means - 4 * deviations).min())
    high = float((means + 4 * deviations).max())
    grid = np.linspace(low, high, GRID_POINTS)
    scaled = (grid[None, :] - means[:, None]) / deviations[:, None]
    below = 1.0 / (1.0 + np.exp(np.clip(-LOGISTIC_SCALE * scaled, -60.0, 60.0)))
    log_below = np.log(below)
    density = np.diff(below, axis=1)
    others = log_below.sum(axis=0) - log_below
    middle = np.exp((others[:, 1:] + others[:, :-1]) / 2.0)
    weights = (density * middle).sum(axis=1)
    weights = np.maximum(weights, 1e-9)
    weights /= weights.sum()
    return [float(w) for w in weights]
