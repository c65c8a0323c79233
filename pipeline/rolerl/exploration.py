"""Without a judge: which arms to try, in the incumbent's place or beside it, if any."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.rolerl.information import learning_value

Array = NDArray[np.float64]

MOST_BESIDE = 2
"""Arms that run beside the incumbent at once: the worthiest first, then there is news of them."""


class Trials(NamedTuple):
    """The incumbent, the arms to run beside it, and one to run in its place, by place in the list.

    An arm is tried where that is cheaper: beside the incumbent it costs a run, in its place what it
    is expected to be worse by.
    """

    incumbent: int
    beside: tuple[int, ...]
    instead: int | None


def choose_trials(
    means: Array,
    counts: Array,
    costs: Array,
    value_usd: float,
    known_share: float,
    visits: float,
) -> Trials:
    """What to try now.

    `means`, `counts` (A,): Beta posterior means of success and the outcomes they rest on;
    `known_share`: share of runs whose quality becomes known, without which nothing is tried;
    `visits`: decisions still expected.
    """
    utility = value_usd * means - costs
    incumbent = int(utility.argmax())
    if known_share <= 0.0:
        return Trials(incumbent, (), None)
    deviations = value_usd * np.sqrt(means * (1.0 - means) / (counts + 1.0))
    own = float(deviations[incumbent])
    beside: list[tuple[float, int]] = []
    best, instead = 0.0, None
    for arm in range(len(means)):
        if arm == incumbent:
            continue
        gap = float(utility[incumbent] - utility[arm])
        price = min(float(costs[arm]), gap) / known_share
        deviation = float(np.hypot(deviations[arm], own))
        worth = learning_value(gap, deviation, float(counts[arm]), price, visits)
        if worth <= 0.0:
            continue
        if costs[arm] < gap:
            beside.append((worth, arm))
        elif worth > best:
            best, instead = worth, arm
    chosen = sorted(beside, reverse=True)[:MOST_BESIDE]
    return Trials(incumbent, tuple(arm for _, arm in chosen), instead)
