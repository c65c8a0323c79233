"""The one-to-one pairing of greatest total weight."""

from collections.abc import Sequence


def best_pairing(weights: Sequence[Sequence[float]]) -> list[tuple[int, int]]:
    """Pairs (row, column), each used at most once, of greatest total weight.

    `weights` is a table of rows of equal length; a weight of 0 or less forbids the pair. Kuhn's
    and Munkres' method with potentials (Kuhn, Naval Research Logistics 2, 1955).
    """
    if not weights or not weights[0]:
        return []
    rows, columns = len(weights), len(weights[0])
    if rows > columns:
        turned = best_pairing([[row[c] for row in weights] for c in range(columns)])
        return sorted((row, column) for column, row in turned)
    costs = [[-max(weight, 0.0) for weight in row] for row in weights]
    row_at = _cheapest_rows(costs, rows, columns)
    return sorted((row, column) for column, row in row_at.items() if weights[row][column] > 0.0)


def _cheapest_rows(costs: Sequence[Sequence[float]], rows: int, columns: int) -> dict[int, int]:
    """For each used column its row; index 0 of the arrays is a column that stands for none."""
    row_potential = [0.0] * (rows + 1)
    column_potential = [0.0] * (columns + 1)
    row_of = [0] * (columns + 1)
    for row in range(1, rows + 1):
        row_of[0] = row
        least = [float("inf")] * (columns + 1)
        came_from = [0] * (columns + 1)
        done = [False] * (columns + 1)
        column = 0
        while row_of[column] != 0:
            done[column] = True
            here = row_of[column]
            step, following = float("inf"), 0
            for other in range(1, columns + 1):
                if done[other]:
                    continue
                reduced = costs[here - 1][other - 1] - row_potential[here] - column_potential[other]
                if reduced < least[other]:
                    least[other], came_from[other] = reduced, column
                if least[other] < step:
                    step, following = least[other], other
            for other in range(columns + 1):
                if done[other]:
                    row_potential[row_of[other]] += step
                    column_potential[other] -= step
                else:
                    least[other] -= step
            column = following
        while column != 0:
            row_of[column] = row_of[came_from[column]]
            column = came_from[column]
    return {column - 1: row_of[column] - 1 for column in range(1, columns + 1) if row_of[column]}
