"""Statistics of tables of right and wrong outcomes: what to expect of a cell, what is the same."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

ROLE_WEIGHT = 4.0
"""Outcomes that the arms' common prior is worth in a role's mean."""
LEAST_CHANCE, MOST_CHANCE = 0.02, 0.98


class AdditivePrior:
    """What role and arm by themselves say of a cell: chance = role's mean + arm's difference.

    `priors`, `weights`: (A,) expected chances of the arms and the outcomes they are worth.
    """

    def __init__(self, priors: Array, weights: Array) -> None:
        middle = float(priors.mean()) if len(priors) else 0.5
        self._expected, self._weights = priors - middle, weights
        self._weighted = weights * self._expected
        self._of_middle = ROLE_WEIGHT * middle

    def chances(self, right: Array, seen: Array) -> Array:
        """Of each cell, by its (R, A) outcomes that were right and all that were seen.

        Two rounds of alternating least squares, shrunk to the priors.
        """
        add = np.add.reduce
        arms = self._expected
        of_role = add(seen, axis=1, keepdims=True) + ROLE_WEIGHT
        of_arm = add(seen, axis=0) + self._weights
        for _ in range(2):
            roles = (add(right - seen * arms, axis=1, keepdims=True) + self._of_middle) / of_role
            arms = (add(right - seen * roles, axis=0) + self._weighted) / of_arm
        return np.minimum(np.maximum(roles + arms, LEAST_CHANCE), MOST_CHANCE)


def same_evidence(
    one: tuple[Array, Array], two: tuple[Array, Array], right: Array, wrong: Array
) -> float:
    """Log Bayes factor of one chance a cell for both against a chance each.

    `one`, `two`: counts of right and wrong outcomes; `right`, `wrong`: the Beta prior's counts.
    """
    both = (one[0] + two[0], one[1] + two[1])
    cells = (
        log_beta(both[0] + right, both[1] + wrong)
        + log_beta(right, wrong)
        - log_beta(one[0] + right, one[1] + wrong)
        - log_beta(two[0] + right, two[1] + wrong)
    )
    return float(cells.sum())


def log_beta(a: Array, b: Array) -> Array:
    """Logarithm of the Beta function, element by element, for positive arguments."""
    return log_gamma(a) + log_gamma(b) - log_gamma(a + b)


def log_gamma(x: Array) -> Array:
    """Logarithm of the Gamma function by Stirling's series after a shift by six (error 1e-8)."""
    shift = np.zeros_like(x)
    y = x.copy()
    for _ in range(6):
        shift -= np.log(y)
        y = y + 1.0
    series = (y - 0.5) * np.log(y) - y + 0.9189385332046727
    return np.asarray(shift + series + 1.0 / (12.0 * y) - 1.0 / (360.0 * y**3))
