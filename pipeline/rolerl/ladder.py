"""Which arm first, judged or not, and which next if it was wrong: the plan of least expected loss.

All amounts are dollars. `weights` of shape (K,) are beliefs over hidden regimes, not always summing
to 1: after a judged failure they are the joint probability of regime and failure. Every expectation
is then a plain sum over regimes, so that its terms are worked out once for many beliefs.
"""

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


class Market:
    """What a role's arms are like: `chances` (K, A) of success, `costs` (A,) of a run; `value` of a

    success and `judge`, the price of a judgment.
    """

    def __init__(self, chances: Array, costs: Array, value: float, judge: float) -> None:
        kinds, count = chances.shape
        self.chances, self.costs = chances, costs
        self.value, self.judge = value, judge
        self.failed = 1.0 - chances
        self.stop = value * chances - costs
        asked = self.stop - judge
        then = self.failed[:, :, None] * self.stop[:, None, :]
        then_asked = self.failed[:, :, None] * asked[:, None, :]
        last = self.failed[:, :, None, None] * then[:, None, :, :]
        self._forms = np.concatenate(
            (
                self.stop,
                asked,
                then.reshape(kinds, count**2),
                then_asked.reshape(kinds, count**2),
                last.reshape(kinds, count**3),
            ),
            axis=1,
        )
        again = np.where(np.eye(count) > 0.0, -np.inf, 0.0)
        self._again = again
        self._thrice = again[:, None, :] + again[None, :, :]

    def values(self, weights: Array, blocked: Array) -> tuple[Array, Array]:
        """Expected values (A,) of delivering each arm's answer unjudged, and of judging it.

        A judged failure is followed by the best of: nothing more, another arm unjudged, another arm
        judged once more. `blocked` (A,) is 0 for an arm that may run and -inf for one that has.
        """
        count = len(self.costs)
        square = count**2
        forms = weights @ self._forms
        stop, asked = forms[:count] + blocked, forms[count : 2 * count] + blocked
        rest = forms[2 * count :]
        free = self._again + blocked
        then = rest[:square].reshape(count, count) + free
        then_asked = rest[square : 2 * square].reshape(count, count) + free
        last = rest[2 * square :].reshape(count, count, count) + self._thrice + blocked
        after = np.maximum(then, then_asked + np.maximum(last.max(axis=2), 0.0)).max(axis=1)
        return stop, asked + np.maximum(after, 0.0)


def build_ladder(weights: Array, market: Market, bonus: Array) -> tuple[Rung, ...]:
    """The rungs in turn; only the last may be unjudged.

    `bonus` (A,): what judging the first run of an arm is worth beyond this decision.
    """
    rungs: list[Rung] = []
    count = len(market.costs)
    blocked = np.zeros(count)
    while len(rungs) < min(LONGEST_LADDER, count):
        stop, judged = market.values(weights, blocked)
        if not rungs:
            judged = judged + bonus
        best, asked = int(stop.argmax()), int(judged.argmax())
        if judged[asked] > max(stop[best], 0.0 if rungs else -np.inf):
            rungs.append(Rung(asked, True))
            weights = weights * market.failed[:, asked]
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
