"""Without a judge: which arms to try, in the incumbent's place or beside it, if any."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.rolerl.information import expected_gain
from pipeline.rolerl.skills import Standing

Array = NDArray[np.float64]

MOST_BESIDE = 3
"""Arms that run beside the incumbent at once: the worthiest first, then there is news of them."""
LOOKAHEADS = np.array([1.0, 2.0, 4.0, 8.0, 16.0, 32.0])[:, None]
"""Outcomes of an arm that are looked ahead to."""


class Trials(NamedTuple):
    """The incumbent, the arms to run beside it, and one to run in its place, by place in the list.

    An arm is tried where that is cheaper: beside the incumbent it costs a run, in its place what it
    is expected to be worse by.
    """

    incumbent: int
    beside: tuple[int, ...]
    instead: int | None


def choose_trials(
    standing: Standing,
    costs: Array,
    value_usd: float,
    known_share: float,
    visits: float,
    unheard: NDArray[np.bool_],
) -> Trials:
    """What to try now.

    `known_share`: share of runs whose quality becomes known, without which nothing is tried;
    `visits`: decisions still expected; `unheard` (A,): arms that run beside the incumbent whatever
    is expected of them, as that may rest on their price alone.

    After m more outcomes of an arm, and of the incumbent, their expected difference will have moved
    with a variance that follows from the covariance of what is believed of both (knowledge gradient
    with lookahead, for correlated beliefs: Frazier, Powell and Dayanik 2009; Frazier and Powell
    2010).
    """
    means, covariance, noise = standing
    utility = value_usd * means - costs
    incumbent = int(utility.argmax())
    if known_share <= 0.0:
        return Trials(incumbent, (), None)
    own = covariance.diagonal()
    shared = covariance[incumbent]
    mine = own[incumbent]
    first, second = own - shared, shared - mine
    a, d = own + noise / LOOKAHEADS, mine + noise[incumbent] / LOOKAHEADS
    moved = (d * first**2 - 2.0 * shared * first * second + a * second**2) / (a * d - shared**2)
    deviations = value_usd * np.sqrt(np.maximum(moved, 0.0))
    gaps = utility[incumbent] - utility
    prices = np.minimum(costs, gaps) / known_share
    worth = (visits * expected_gain(gaps, deviations) - LOOKAHEADS * prices).max(axis=0)
    worth[incumbent] = 0.0
    order = np.argsort(-worth, kind="stable").tolist()
    tried = [arm for arm in order if worth[arm] > 0.0]
    beside = [arm for arm in np.flatnonzero(unheard).tolist() if arm != incumbent]
    beside += [arm for arm in tried if costs[arm] < gaps[arm] and not unheard[arm]]
    instead = [arm for arm in tried if costs[arm] >= gaps[arm] and not unheard[arm]]
    return Trials(incumbent, tuple(beside[:MOST_BESIDE]), instead[0] if instead else None)
