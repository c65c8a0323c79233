"""Thompson sampling with forgetting, its probabilities worked out so that they can be logged."""

import numpy as np

from pipeline.rolerl.policies.scalar import ScalarPolicy
from pipeline.rolerl.policy import Key

GRID_POINTS = 65
PRIOR_COUNT = 1.0
PRIOR_MEAN = 0.5
PRIOR_DEVIATION = 0.5
LOGISTIC_SCALE = 1.702
"""A normal distribution function is close to the logistic of 1.702 x (largest error 0.01)."""


class ThompsonPolicy(ScalarPolicy):
    """Each arm with the probability that its mean is the highest under normal posteriors.

    Source: Thompson (1933); the integral over the best mean is taken on a grid.
    """

    name = "thompson"

    def _mix(self, key: Key, models: list[str]) -> dict[str, float]:
        tallies = self.tallies(key)
        means, deviations = [], []
        for model in models:
            tally = tallies.get(model)
            count = 0.0 if tally is None else tally.count
            mean = 0.0 if tally is None else tally.mean
            weight = count + PRIOR_COUNT
            spread = (0.0 if tally is None else tally.spread) + PRIOR_COUNT * PRIOR_DEVIATION**2
            means.append((count * mean + PRIOR_COUNT * PRIOR_MEAN) / weight)
            deviations.append((spread / weight / weight) ** 0.5)
        probabilities = chance_of_best(np.array(means), np.array(deviations))
        return dict(zip(models, probabilities, strict=True))


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
