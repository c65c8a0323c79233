"""What an observation is worth: for what is decided next, and for every later visit."""

from math import erfc, pi, sqrt

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

LOOKAHEADS = (1, 2, 4, 8, 16)
_AHEAD = np.array(LOOKAHEADS, dtype=float)[:, None]
_LAST = np.array(LOOKAHEADS) - 1
_erfc = np.vectorize(erfc, otypes=[float])
_DONE = np.arange(LOOKAHEADS[-1], dtype=float)[:, None]


def waiting_time(judge_usd: float, rate: float, gain_usd: float) -> float:
    """How many windows an answer to "has the text changed?" is worth having, at least one.

    Asking every n windows costs judge/n a window and misses a change for n/2 windows, each of which
    costs `gain_usd`; the sum is least at n = sqrt(2 judge / (rate gain)), and on average the answer
    is used for half of it (the square-root rule of inventory theory, Harris 1913).
    """
    return max(1.0, 0.5 * sqrt(2.0 * judge_usd / max(rate * gain_usd, 1e-12)))


def adoption_value(
    right: Array, wrong: Array, costs: Array, value: float, test_usd: Array, visits: float
) -> Array:
    """What one test of each arm is worth if it may turn out good enough to be used unjudged.

    `right`, `wrong`: Beta counts of shape (A,), prior included; an arm is adopted after m successes
    in a row if its expected value then beats the best arm's now. The best m counts. Dollars a test,
    costs of the test itself not taken off; zero where tests can never pay and for the best arm.
    """
    total = right + wrong
    utility = value * right / total - costs
    best_now = int(utility.argmax())
    chances = np.multiply.accumulate((right + _DONE) / (total + _DONE), axis=0)
    chance = chances.take(_LAST, axis=0)
    spent = test_usd * (1.0 + np.add.accumulate(chances, axis=0).take(_LAST, axis=0) - chance)
    gain = value * (right + _AHEAD) / (total + _AHEAD) - costs - utility[best_now]
    earned = chance * np.maximum(gain, 0.0) * visits
    best = np.maximum.reduce(np.where(earned > spent, earned / _AHEAD, 0.0), axis=0)
    best[best_now] = 0.0
    return np.asarray(best)


def expected_gain(gaps: Array, deviations: Array) -> Array:
    """Expected amount by which normals of means `-gaps` and those deviations exceed zero."""
    z = gaps / np.maximum(deviations, 1e-30)
    density = np.exp(-0.5 * z * z) / sqrt(2.0 * pi)
    tail = 0.5 * _erfc(z / sqrt(2.0))
    return np.asarray(np.maximum(deviations * (density - z * tail), 0.0))
