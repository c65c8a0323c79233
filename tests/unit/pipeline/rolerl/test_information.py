"""What an observation is worth, against cases worked out by hand."""

import numpy as np
import pytest

from pipeline.rolerl.information import (
    adoption_value,
    expected_gain,
    waiting_time,
)


def test_the_square_root_rule() -> None:
    assert waiting_time(judge_usd=2.0, rate=0.01, gain_usd=1.0) == pytest.approx(10.0)
    assert waiting_time(judge_usd=0.001, rate=0.5, gain_usd=1.0) == 1.0


def test_one_test_that_settles_it_is_worth_what_it_saves() -> None:
    right, wrong = np.array([0.5, 1e9]), np.array([0.5, 1.0])
    costs, test = np.array([0.1, 1.0]), np.array([0.2, 1.1])
    worth = adoption_value(right, wrong, costs, 2.0, test, visits=100.0)
    assert worth[1] == 0.0
    after_one = 0.5 * (2.0 * 0.75 - 0.1 - 1.0) * 100.0
    assert worth[0] >= after_one - 1e-6
    assert adoption_value(right, wrong, costs, 2.0, 1e4 * test, 100.0)[0] == 0.0


def test_the_expected_excess_of_normals() -> None:
    gains = expected_gain(np.array([0.0, 5.0, 1.0]), np.array([1.0, 1.0, 0.0]))
    assert gains == pytest.approx([0.39894, 0.0, 0.0], abs=1e-5)
