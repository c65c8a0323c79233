"""Which arm first, judged or not, and which next if it was wrong: the plan of least expected loss.

All amounts are dollars. `weights` of shape (K,) are beliefs over hidden regimes, not always summing
to 1: after a judged failure they are the joint probability of regime and failure. Every expectation
is then a plain sum over regimes, so that its terms are worked out once for many beliefs.
"""

from functools import lru_cache
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


def split(row: Array, count: int) -> tuple[Array, Array, Array, Array, Array]:
    """Views of a row of values of `count` arms: one arm's answer unjudged (A,), and judged; after

    that another's (A, A) unjudged, and judged; after that a third's (A, A, A) unjudged.
    """
    shape, square = row.shape[:-1], count * count
    two = 2 * count
    three = two + square
    four = three + square
    return (
        row[..., :count],
        row[..., count:two],
        row[..., two:three].reshape(*shape, count, count),
        row[..., three:four].reshape(*shape, count, count),
        row[..., four:].reshape(*shape, count, count, count),
    )


@lru_cache(maxsize=256)
def _bars(count: int) -> Array:
    bars = np.zeros(2 * count + 2 * count**2 + count**3)
    _, _, then, then_asked, last = split(bars, count)
    places = np.arange(count)
    then[places, places] = then_asked[places, places] = -np.inf
    last[places, :, places] = last[:, places, places] = -np.inf
    bars.setflags(write=False)
    return bars


class Market:
    """What a role's arms are like: `chances` (K, A) of success, `costs` (A,) of a run; `value` of a

    success and `judge`, the price of a judgment. `bars` is added to a row of values: -inf where an
    arm would run twice.
    """

    def __init__(self, chances: Array, costs: Array, value: float, judge: float) -> None:
        kinds, count = chances.shape
        self.chances, self.costs = chances, costs
        self.value, self.judge = value, judge
        self.failed = failed = 1.0 - chances
        self.stop = value * chances - costs
        self.bars = _bars(count)
        self._forms = np.empty((kinds, len(self.bars)))
        self._row = np.empty(len(self.bars))
        self._views = split(self._row, count)
        self._thirds = np.empty((count, count, count))
        stop, asked, then, then_asked, last = split(self._forms, count)
        stop[:] = self.stop
        np.subtract(stop, judge, out=asked)
        np.multiply(failed[:, :, None], stop[:, None, :], out=then)
        np.multiply(failed[:, :, None], asked[:, None, :], out=then_asked)
        np.multiply(failed[:, :, None, None], then[:, None, :, :], out=last)

    def values(self, weights: Array, bars: Array) -> tuple[Array, Array]:
        """Expected values (A,) of delivering each arm's answer unjudged, and of judging it.

        A judged failure is followed by the best of: nothing more, another arm unjudged, another arm
        judged once more. The arrays hold until the next call.
        """
        np.dot(weights, self._forms, out=self._row)
        self._row += bars
        stop, asked, then, then_asked, last = self._views
        # Many short rows are compared faster one beside the other.
        self._thirds[:] = last.transpose(2, 0, 1)
        then_asked += np.maximum(np.maximum.reduce(self._thirds, axis=0), 0.0)
        after = np.maximum.reduce(np.maximum(then, then_asked), axis=1)
        asked += np.maximum(after, 0.0)
        return stop, asked


def build_ladder(weights: Array, market: Market, bonus: Array) -> tuple[Rung, ...]:
    """The rungs in turn; only the last may be unjudged.

    `bonus` (A,): what judging the first run of an arm is worth beyond this decision.
    """
    rungs: list[Rung] = []
    bars, count = market.bars, len(market.costs)
    while len(rungs) < min(LONGEST_LADDER, count):
        if rungs:
            ran = rungs[-1].arm
            if len(rungs) == 1:
                bars = bars.copy()
                barred = split(bars, count)
            for part in barred:
                part[..., ran] = -np.inf
            weights = weights * market.failed[:, ran]
        stop, judged = market.values(weights, bars)
        if not rungs:
            judged += bonus
        best, asked = int(stop.argmax()), int(judged.argmax())
        if judged[asked] > max(stop[best], 0.0 if rungs else -np.inf):
            rungs.append(Rung(asked, True))
            continue
        if not rungs or stop[best] > 0.0:
            rungs.append(Rung(best, False))
        break
    return tuple(rungs)


def dominated(chances: Array, costs: Array) -> NDArray[np.bool_]:
    """Arms (A,) for which another is cheaper and, in every regime, about as likely to be right."""
    as_good = np.logical_and.reduce(
        chances[:, :, None] + SAME_CHANCE >= chances[:, None, :], axis=0
    )
    column = costs[:, None]
    cheaper = (column < costs) | ((column == costs) & _comes_first(len(costs)))
    return np.asarray(np.logical_or.reduce(as_good & cheaper, axis=0))


@lru_cache(maxsize=256)
def _comes_first(count: int) -> NDArray[np.bool_]:
    order = np.arange(count)
    return np.asarray(order[:, None] < order)
