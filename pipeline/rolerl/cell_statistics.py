"""Statistics of tables of right and wrong outcomes: what to expect of a cell, what is the same."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

ROLE_WEIGHT = 4.0
"""Outcomes that the arms' common prior is worth in a role's mean."""


def additive_prior(right: Array, seen: Array, priors: Array, weights: Array) -> Array:
    """What role and arm by themselves say of each cell: chance = role's mean + arm's difference.

    `right`, `seen`: (R, A) outcomes; `priors`, `weights`: (A,) expected chances and the outcomes
    they are worth. Two rounds of alternating least squares, shrunk to the priors.
    """
    middle = float(priors.mean()) if len(priors) else 0.5
    expected = priors - middle
    arms = expected
    roles = np.zeros((len(right), 1))
    of_role = np.add.reduce(seen, axis=1, keepdims=True) + ROLE_WEIGHT
    of_arm = np.add.reduce(seen, axis=0) + weights
    for _ in range(2):
        rest = np.add.reduce(right - seen * arms, axis=1, keepdims=True) + ROLE_WEIGHT * middle
        roles = rest / of_role
        own = np.add.reduce(right - seen * roles, axis=0) + weights * expected
        arms = own / of_arm
    return np.minimum(np.maximum(roles + arms, 0.02), 0.98)


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
