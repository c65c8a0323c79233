"""Hidden kinds of text are told apart if they are there, and not made up if they are not."""

from random import Random

import numpy as np
import orjson
import pytest

from pipeline.rolerl.regimes import Regimes


def regimes() -> Regimes:
    return Regimes(2, np.full(3, 0.6), np.full(3, 8.0))


def test_two_kinds_that_take_turns_become_two_regimes() -> None:
    known = regimes()
    for number in range(600):
        kind = number // 50 % 2
        known.begin(str(number))
        known.see(0, 0, kind == 0)
        known.see(1, 1, kind == 1)
    assert len(known.table) == 2
    now = known.belief.index(max(known.belief))
    assert known.belief[now] > 0.9
    assert known.table.chances[now, 0, 0] < 0.1
    assert known.table.chances[now, 1, 1] > 0.9


def test_noise_stays_one_regime() -> None:
    rng = Random(5)
    known = regimes()
    for number in range(3000):
        known.begin(str(number))
        for role in (0, 1):
            known.see(role, number % 3, rng.random() < 0.8)
    assert len(known.table) == 1
    assert np.abs(known.table.chances[0] - 0.8).max() < 0.1


def test_a_doubtful_window_teaches_no_regime() -> None:
    known = regimes()
    for number in range(200):
        known.begin(str(number))
        known.see(0, 0, number // 50 % 2 == 0)
    table = known.table
    counts = [
        right.sum() + wrong.sum() for right, wrong in zip(table.right, table.wrong, strict=True)
    ]
    known.belief = [0.5, 0.5, 0.0]
    known.evidence.outcomes = [(1, 2, True)]
    known.begin("later")
    assert [
        right.sum() + wrong.sum() for right, wrong in zip(table.right, table.wrong, strict=True)
    ] == pytest.approx(counts)


def test_the_belief_is_a_distribution_through_anything() -> None:
    rng = Random(2)
    known = regimes()
    for number in range(400):
        known.begin(str(number))
        for _ in range(rng.randrange(3)):
            known.see(rng.randrange(2), rng.randrange(3), rng.random() < 0.5)
        assert sum(known.belief) == pytest.approx(1.0)
        assert min(known.belief) >= 0.0
        assert ((known.table.chances >= 0.0) & (known.table.chances <= 1.0)).all()


def test_two_kinds_taken_for_one_are_told_apart_again() -> None:
    known = regimes()
    for number in range(600):
        if number == 200:
            for arm in range(3):
                for role in (0, 1):
                    known.table.right[0][role, arm] = known.table.wrong[0][role, arm] = 20.0
            known.table.refresh()
        kind = number // 50 % 2
        known.begin(str(number))
        known.see(0, 0, kind == 0)
        known.see(1, 1, kind == 1)
    now = known.belief.index(max(known.belief))
    assert known.belief[now] > 0.9
    assert known.table.chances[now, 0, 0] < 0.15
    assert known.table.chances[now, 1, 1] > 0.85


def test_state_goes_on_as_the_original() -> None:
    rng = Random(11)
    one = regimes()
    for number in range(150):
        one.begin(str(number))
        one.see(rng.randrange(2), rng.randrange(3), number // 30 % 2 == 0)
    other = regimes()
    other.restore(orjson.loads(orjson.dumps(one.state())))
    for number in range(150, 260):
        role, arm, right = rng.randrange(2), rng.randrange(3), number // 30 % 2 == 0
        for known in (one, other):
            known.begin(str(number))
            known.see(role, arm, right)
        assert one.belief == other.belief


def test_a_regime_whose_cells_never_disagree_is_not_taken_for_two() -> None:
    regimes = Regimes(1, np.array([0.5, 0.5]), np.array([16.0, 16.0]))
    regimes.hazard.weights = [0.0, 0.0, 0.0, 0.0, 0.0, 1.0]
    for number in range(100):
        regimes.begin(str(number))
        regimes.like.disagreed = regimes.like.expected
        regimes.table.must_refresh()
        regimes.see(0, 0, True)
        regimes.see(0, 1, False)
    regimes.begin("last")
    assert max(regimes.table.visits) > 90.0
    assert not any(blend.found for blend in regimes.table.blends)
