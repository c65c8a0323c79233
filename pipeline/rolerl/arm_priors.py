"""What is expected of an arm before anything was seen of it."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from pipeline.rolerl.arms import Pool

Array = NDArray[np.float64]

PRIOR_SUCCESS_LOW, PRIOR_SUCCESS_HIGH = 0.5, 0.8
"""What is expected of the cheapest and of the dearest arm before anything is known: dearer models
tend to be better."""
PRIOR_WEIGHT = 16.0
"""Outcomes that guess is worth: arms differ by about 0.12 in what they get right (a standard
deviation of tau stands for p (1 - p) / tau^2 outcomes)."""
UNKNOWN, UNKNOWN_WEIGHT, LEAST_WEIGHT = 0.5, 2.0, 0.1


def arm_priors(pool: Pool, places: Mapping[str, int]) -> tuple[Array, Array]:
    """Chance of success of each arm and how many outcomes that guess is worth, arrays (A,).

    `places`: where each arm stands in the arrays; one that left the pool stays there, unknown.
    """
    priors = np.full(len(places), UNKNOWN)
    weights = np.full(len(places), UNKNOWN_WEIGHT)
    prices = sorted({arm.ranked_usd for arm in pool})
    top = max(len(prices) - 1, 1)
    for arm in pool:
        place = prices.index(arm.ranked_usd) / top
        guess = PRIOR_SUCCESS_LOW + (PRIOR_SUCCESS_HIGH - PRIOR_SUCCESS_LOW) * place
        index = places[arm.model]
        priors[index] = guess if arm.prior_success is None else arm.prior_success
        weight = PRIOR_WEIGHT if arm.prior_success is None else arm.prior_weight
        weights[index] = max(weight, LEAST_WEIGHT)
    return priors, weights
