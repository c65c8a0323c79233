"""The ladder against cases worked out by hand and against all ladders of two rungs."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.rolerl.ladder import Market, Rung, build_ladder, dominated

ONE = np.ones(1)


def market(chances: list[float], costs: list[float], value: float, judge: float) -> Market:
    return Market(np.array([chances]), np.array(costs), value, judge)


def ladder(weights: np.ndarray, offer: Market) -> tuple[Rung, ...]:
    return build_ladder(weights, offer, np.zeros(len(offer.costs)))


def test_a_sure_cheap_arm_is_not_judged() -> None:
    assert ladder(ONE, market([1.0, 1.0], [0.1, 2.0], 20.0, 0.5)) == (Rung(0, False),)


def test_a_doubtful_cheap_arm_is_judged_before_a_sure_dear_one() -> None:
    rungs = ladder(ONE, market([0.6, 1.0], [0.1, 2.0], 20.0, 0.5))
    assert rungs == (Rung(0, True), Rung(1, False))


def test_where_a_judgment_costs_more_than_it_saves_the_sure_arm_runs_alone() -> None:
    assert ladder(ONE, market([0.6, 1.0], [0.1, 2.0], 20.0, 5.0)) == (Rung(1, False),)


def test_where_nothing_succeeds_the_cheapest_runs() -> None:
    assert ladder(ONE, market([0.0, 0.0], [0.1, 2.0], 20.0, 0.5)) == (Rung(0, False),)


def test_a_failure_tells_of_the_regime() -> None:
    chances = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]])
    costs = np.array([0.1, 0.2, 5.0])
    both = Market(chances, costs, 20.0, 0.3)
    assert ladder(np.array([0.5, 0.5]), both) == (Rung(0, True), Rung(1, False))


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
    for rung in ladder(ONE, offer):
        worth += left * (20.0 * chances[rung.arm] - costs[rung.arm] - judge * rung.judge)
        left *= 1.0 - chances[rung.arm] if rung.judge else 0.0
    assert worth >= float(offer.values(ONE, offer.bars)[0].max()) - 1e-9


def test_only_an_arm_that_is_dearer_and_nowhere_better_is_dominated() -> None:
    chances = np.array([[0.9, 0.5, 0.2], [0.9, 0.5, 0.99]])
    assert dominated(chances, np.array([1.0, 2.0, 3.0])).tolist() == [False, True, False]


def test_a_bonus_makes_the_first_run_judged() -> None:
    offer = market([1.0, 1.0], [0.1, 2.0], 20.0, 0.5)
    assert build_ladder(ONE, offer, np.array([0.0, 3.0]))[0] == Rung(1, True)
    assert build_ladder(ONE, offer, np.array([0.6, 0.0]))[0] == Rung(0, True)


@given(
    st.lists(st.floats(0.0, 1.0), min_size=6, max_size=6),
    st.floats(0.05, 0.95),
    st.floats(0.01, 2.0),
)
def test_values_are_those_of_trying_everything_out(
    chances: list[float], weight: float, judge: float
) -> None:
    table = np.array(chances).reshape(2, 3)
    costs, value = np.array([0.1, 0.7, 2.0]), 20.0
    weights = np.array([weight, 1.0 - weight])
    offer = Market(table, costs, value, judge)
    stop, judged = offer.values(weights, offer.bars)

    def unjudged(mass: np.ndarray, arm: int) -> float:
        return float(value * mass @ table[:, arm] - mass.sum() * costs[arm])

    def asked(mass: np.ndarray, arm: int, used: set[int]) -> float:
        left = mass * (1.0 - table[:, arm])
        rest = [other for other in range(3) if other not in used | {arm}]
        options = [0.0, *(unjudged(left, other) for other in rest)]
        if not used:
            options += [asked(left, other, {arm}) for other in rest]
        return unjudged(mass, arm) - judge * float(mass.sum()) + max(options)

    for arm in range(3):
        assert abs(stop[arm] - unjudged(weights, arm)) < 1e-9
        assert abs(judged[arm] - asked(weights, arm, set())) < 1e-9
