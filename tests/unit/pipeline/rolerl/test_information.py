"""What an observation is worth, against cases worked out by hand."""

import numpy as np
import pytest

from pipeline.rolerl.information import (
    adoption_value,
    learning_value,
    normal_gain,
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


def test_the_expected_excess_of_a_normal() -> None:
    assert normal_gain(0.0, 1.0) == pytest.approx(0.39894, abs=1e-5)
    assert normal_gain(-2.0, 0.0) == 2.0
    assert normal_gain(5.0, 1.0) < 1e-6


def test_learning_pays_only_while_it_may_change_the_choice() -> None:
    assert learning_value(gap=0.1, deviation=0.5, count=4.0, price=0.01, visits=100.0) > 0.0
    assert learning_value(gap=3.0, deviation=0.1, count=4.0, price=0.01, visits=100.0) == 0.0
    assert learning_value(gap=0.1, deviation=0.5, count=4.0, price=1e3, visits=100.0) == 0.0
