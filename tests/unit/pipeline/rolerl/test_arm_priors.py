"""Prices and declared priors become expectations, at the arm's place in the arrays."""

import pytest

from pipeline.rolerl.arm_priors import PRIOR_WEIGHT, UNKNOWN, arm_priors
from pipeline.rolerl.arms import Arm, Pool
from pipeline.rolerl.settings import PolicySettings


def test_dearer_arms_are_expected_to_be_better_whatever_the_scale_of_prices() -> None:
    places = {"c": 0, "b": 1, "a": 2}
    for scale in (1e-6, 1.0, 1e6):
        pool = Pool([Arm("a", 1.0 * scale), Arm("b", 2.0 * scale), Arm("c", 9.0 * scale)])
        priors, weights = arm_priors(pool, places)
        assert priors == pytest.approx([0.8, 0.65, 0.5])
        assert weights == pytest.approx([PRIOR_WEIGHT] * 3)


def test_a_declared_prior_stands_above_the_price() -> None:
    pool = Pool([Arm("a", 1.0, prior_success=0.9, prior_weight=40.0), Arm("b", 2.0)])
    priors, weights = arm_priors(pool, {"a": 0, "b": 1})
    assert priors == pytest.approx([0.9, 0.8])
    assert weights == pytest.approx([40.0, PRIOR_WEIGHT])


def test_an_arm_that_left_keeps_its_place_unknown() -> None:
    priors, _ = arm_priors(Pool([Arm("a", 1.0)]), {"gone": 0, "a": 1})
    assert priors[0] == UNKNOWN


def test_a_model_asked_in_smaller_batches_is_expected_to_be_as_good_as_it_is() -> None:
    dearer = Arm("a@1", 2.4, list_price_usd=1.0)
    pool = Pool([Arm("a", 1.0), dearer, Arm("b", 2.0), Arm("c", 9.0)])
    priors, _ = arm_priors(pool, {"a": 0, "a@1": 1, "b": 2, "c": 3})
    assert priors == pytest.approx([0.5, 0.5, 0.65, 0.8])
    assert PolicySettings().value_of_success([dearer]) == 100.0
