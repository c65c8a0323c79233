"""Hidden kinds of text are told apart if they are there, and not made up if they are not."""

from random import Random

import numpy as np
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
    assert len(known.right) == 2
    now = known.belief.index(max(known.belief))
    assert known.belief[now] > 0.9
    assert known.chances[now, 0, 0] < 0.1
    assert known.chances[now, 1, 1] > 0.9


def test_noise_stays_one_regime() -> None:
    rng = Random(5)
    known = regimes()
    for number in range(3000):
        known.begin(str(number))
        for role in (0, 1):
            known.see(role, number % 3, rng.random() < 0.8)
    assert len(known.right) == 1
    assert np.abs(known.chances[0] - 0.8).max() < 0.1


def test_a_doubtful_window_teaches_no_regime() -> None:
    known = regimes()
    for number in range(200):
        known.begin(str(number))
        known.see(0, 0, number // 50 % 2 == 0)
    counts = [
        right.sum() + wrong.sum() for right, wrong in zip(known.right, known.wrong, strict=True)
    ]
    known.belief = [0.5, 0.5, 0.0]
    known.evidence.outcomes = [(1, 2, True)]
    known.begin("later")
    assert [
        right.sum() + wrong.sum() for right, wrong in zip(known.right, known.wrong, strict=True)
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
        assert ((known.chances >= 0.0) & (known.chances <= 1.0)).all()
