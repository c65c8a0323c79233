"""Most likely sequence of subjects over a window, by dynamic programming."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Emissions = NDArray[np.float64]
"""One row a sentence, one column a subject: how well the sentence fits it, any unit."""


def best_path(emissions: Emissions, switch_costs: Sequence[float]) -> tuple[int, ...]:
    """The column for each row that maximises fit less the cost of changing columns.

    `switch_costs[i]` is paid when row i has another column than row i - 1. Viterbi's algorithm
    with equal costs between all columns, so a row takes O(columns). Among equals, the latest
    change is taken: at the row that shows it.
    """
    rows, columns = emissions.shape
    if rows == 0 or columns == 0:
        return ()
    totals = emissions[0].copy()
    came_from = np.zeros((rows, columns), dtype=np.int64)
    for row in range(1, rows):
        best = int(np.argmax(totals))
        switched = totals[best] - switch_costs[row]
        stays = totals > switched
        came_from[row] = np.where(stays, np.arange(columns), best)
        totals = np.where(stays, totals, switched) + emissions[row]
    path = [int(np.argmax(totals))]
    for row in range(rows - 1, 0, -1):
        path.append(int(came_from[row, path[-1]]))
    return tuple(reversed(path))


def path_worth(emissions: Emissions, switch_costs: Sequence[float]) -> float:
    """The fit less the costs that the best path reaches."""
    if not emissions.size:
        return 0.0
    totals = emissions[0].copy()
    for row in range(1, len(emissions)):
        np.maximum(totals, totals.max() - switch_costs[row], out=totals)
        totals += emissions[row]
    return float(totals.max())


def runs(path: Sequence[int]) -> tuple[tuple[int, int, int], ...]:
    """Stretches of equal values as (value, first index, last index)."""
    found: list[tuple[int, int, int]] = []
    for index, value in enumerate(path):
        if found and found[-1][0] == value:
            found[-1] = (value, found[-1][1], index)
        else:
            found.append((value, index, index))
    return tuple(found)
