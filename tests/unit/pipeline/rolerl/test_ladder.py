"""The ladder against cases worked out by hand and against all ladders of two rungs."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.rolerl.ladder import Market, Rung, build_ladder, dominated, stop_values

ONE = np.ones(1)


def market(chances: list[float], costs: list[float], value: float, judge: float | None) -> Market:
    return Market(np.array([chances]), np.array(costs), value, judge, np.zeros(len(costs)))


def test_a_sure_cheap_arm_is_not_judged() -> None:
    assert build_ladder(ONE, market([1.0, 1.0], [0.1, 2.0], 20.0, 0.5)) == (Rung(0, False),)


def test_a_doubtful_cheap_arm_is_judged_before_a_sure_dear_one() -> None:
    rungs = build_ladder(ONE, market([0.6, 1.0], [0.1, 2.0], 20.0, 0.5))
    assert rungs == (Rung(0, True), Rung(1, False))


def test_where_a_judgment_costs_more_than_it_saves_the_sure_arm_runs_alone() -> None:
    assert build_ladder(ONE, market([0.6, 1.0], [0.1, 2.0], 20.0, 5.0)) == (Rung(1, False),)


def test_where_nothing_succeeds_the_cheapest_runs() -> None:
    assert build_ladder(ONE, market([0.0, 0.0], [0.1, 2.0], 20.0, 0.5)) == (Rung(0, False),)


def test_a_failure_tells_of_the_regime() -> None:
    chances = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]])
    costs = np.array([0.1, 0.2, 5.0])
    both = Market(chances, costs, 20.0, 0.3, np.zeros(3))
    assert build_ladder(np.array([0.5, 0.5]), both) == (Rung(0, True), Rung(1, False))


@given(
    st.lists(st.floats(0.0, 1.0), min_size=3, max_size=3),
    st.lists(st.floats(0.01, 3.0), min_size=3, max_size=3),
    st.floats(0.01, 2.0),
)
def test_it_is_never_worse_than_the_best_single_arm(
    chances: list[float], costs: list[float], judge: float
) -> None:
    offer = market(chances, costs, 20.0, judge)
    worth, left = 0.0, 1.0
    for rung in build_ladder(ONE, offer):
        worth += left * (20.0 * chances[rung.arm] - costs[rung.arm] - judge * rung.judge)
        left *= 1.0 - chances[rung.arm] if rung.judge else 0.0
    assert worth >= float(stop_values(ONE, offer).max()) - 1e-9


def test_only_an_arm_that_is_dearer_and_nowhere_better_is_dominated() -> None:
    chances = np.array([[0.9, 0.5, 0.2], [0.9, 0.5, 0.99]])
    assert dominated(chances, np.array([1.0, 2.0, 3.0])).tolist() == [False, True, False]
