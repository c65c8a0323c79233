"""The best path really is the best one."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipeline.models.embedded.segmentation import best_path, path_worth, runs

SMALL = st.integers(-4, 4).map(float)


def value(fit: np.ndarray, costs: list[float], path: tuple[int, ...]) -> float:
    total = sum(float(fit[row, column]) for row, column in enumerate(path))
    changes = [i for i in range(1, len(path)) if path[i] != path[i - 1]]
    return total - sum(costs[i] for i in changes)


@given(
    st.integers(1, 5).flatmap(
        lambda rows: st.tuples(
            st.integers(1, 3).flatmap(
                lambda columns: arrays(np.float64, (rows, columns), elements=SMALL)
            ),
            st.lists(st.integers(0, 3).map(float), min_size=rows, max_size=rows),
        )
    )
)
def test_no_other_path_is_worth_more(case: tuple[np.ndarray, list[float]]) -> None:
    fit, costs = case
    found = best_path(fit, costs)
    every = product(range(fit.shape[1]), repeat=fit.shape[0])
    assert value(fit, costs, found) == max(value(fit, costs, path) for path in every)
    assert path_worth(fit, costs) == value(fit, costs, found)


def test_a_single_mention_does_not_change_the_subject_but_several_do() -> None:
    fit = np.zeros((8, 2))
    fit[:3, 0] = 1
    fit[4, 1] = 1
    assert best_path(fit, [2.0] * 8) == (0,) * 8
    fit[5:, 1] = 1
    assert best_path(fit, [2.0] * 8) == (0, 0, 0, 0, 1, 1, 1, 1)


def test_nothing_to_choose_from() -> None:
    assert best_path(np.zeros((0, 2)), []) == ()
    assert best_path(np.zeros((3, 0)), [1.0] * 3) == ()
    assert path_worth(np.zeros((0, 2)), []) == 0


def test_runs_are_the_stretches_of_a_path() -> None:
    assert runs((2, 2, 0, 2)) == ((2, 0, 1), (0, 2, 2), (2, 3, 3))
    assert runs(()) == ()
