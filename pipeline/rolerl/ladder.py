"""Which arm first, judged or not, and which next if it was wrong: the plan of least expected loss.

All amounts are dollars. `weights` of shape (K,) are beliefs over hidden regimes, not always summing
to 1: after a judged failure they are the joint probability of regime and failure, so that every
expectation below stays a plain sum.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

LONGEST_LADDER = 5
SAME_CHANCE = 0.005


class Rung(NamedTuple):
    """An arm by index, and whether its answer is judged before it is delivered."""

    arm: int
    judge: bool


@dataclass(frozen=True, slots=True)
class Market:
    """What a role's arms are like: `chances` (K, A) of success, `costs` (A,) of a run;

    `value` of a success, `judge` price of a judgment or None, `bonus` (A,): what a judged run of an
    arm is worth beyond this decision.
    """

    chances: Array
    costs: Array
    value: float
    judge: float | None
    bonus: Array


def stop_values(weights: Array, market: Market) -> Array:
    """Expected value of delivering each arm's answer unjudged; weights (..., K) give (..., A)."""
    mass = weights.sum(axis=-1, keepdims=True)
    values: Array = market.value * (weights @ market.chances) - mass * market.costs
    return values


def judged_values(weights: Array, market: Market, blocked: Array, deeper: bool = True) -> Array:
    """Expected value of running each arm judged and going on after a failure; shape (..., A).

    After a failure the best of: nothing more, another arm unjudged, and if `deeper` another arm
    judged once more. `blocked` (..., A) is 0 for an arm that may run and -inf for one that has.
    """
    if market.judge is None:
        raise ValueError("there is no judge")
    mass = weights.sum(axis=-1, keepdims=True)
    right = weights @ market.chances
    failed = weights[..., None, :] * (1.0 - market.chances.T)
    again = blocked[..., None, :] + np.where(np.eye(len(market.costs)) > 0.0, -np.inf, 0.0)
    after = np.maximum((stop_values(failed, market) + again).max(axis=-1), 0.0)
    if deeper:
        further = judged_values(failed, market, again, deeper=False) + again
        after = np.maximum(after, further.max(axis=-1))
    return np.asarray(market.value * right - mass * (market.costs + market.judge) + after)


def build_ladder(weights: Array, market: Market) -> tuple[Rung, ...]:
    """The rungs in turn; only the last may be unjudged."""
    rungs: list[Rung] = []
    bonus = market.bonus
    blocked = np.zeros(len(market.costs))
    while len(rungs) < min(LONGEST_LADDER, len(blocked)):
        stop = stop_values(weights, market) + blocked
        best = int(stop.argmax())
        if market.judge is not None:
            judged = judged_values(weights, market, blocked) + bonus + blocked
            asked = int(judged.argmax())
            if judged[asked] > max(stop[best], 0.0 if rungs else -np.inf):
                rungs.append(Rung(asked, True))
                weights = weights * (1.0 - market.chances[:, asked])
                bonus = np.zeros_like(bonus)
                blocked[asked] = -np.inf
                continue
        if not rungs or stop[best] > 0.0:
            rungs.append(Rung(best, False))
        break
    return tuple(rungs)


def dominated(chances: Array, costs: Array) -> NDArray[np.bool_]:
    """Arms (A,) for which another is cheaper and, in every regime, about as likely to be right."""
    as_good = (chances[:, :, None] + SAME_CHANCE >= chances[:, None, :]).all(axis=0)
    order = np.arange(len(costs))
    cheaper = (costs[:, None] < costs[None, :]) | (
        (costs[:, None] == costs[None, :]) & (order[:, None] < order[None, :])
    )
    return np.asarray((as_good & cheaper).any(axis=0))
