"""What is known of one arm or role moves what is expected of others, as far as the data say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.rolerl.arms import Arm, Pool
from pipeline.rolerl.skills import Skills

ARMS = [Arm(f"arm-{n}", 2.0**n) for n in range(5)]
PLACES = {arm.model: n for n, arm in enumerate(ARMS)}


def skills(arms: list[Arm] = ARMS) -> Skills:
    made = Skills()
    made.set_arms(Pool(arms), PLACES)
    return made


def test_before_anything_is_known_dearer_arms_are_expected_to_be_better() -> None:
    means, covariance, _ = skills().standing(0, np.zeros((2, 5)), np.zeros((2, 5)))
    assert (np.diff(means) > 0.0).all()
    assert (covariance.diagonal() > 0.01).all()


def test_many_outcomes_speak_for_themselves_whatever_the_price_says() -> None:
    right, wrong = np.zeros((1, 5)), np.zeros((1, 5))
    right[0], wrong[0] = [270, 30, 30, 30, 30], [30, 270, 270, 270, 270]
    means, covariance, _ = skills().standing(0, right, wrong)
    assert means == pytest.approx([0.9, 0.1, 0.1, 0.1, 0.1], abs=0.02)
    assert (np.sqrt(covariance.diagonal()) < 0.03).all()


def test_a_strong_arm_in_one_role_is_expected_to_be_strong_in_another() -> None:
    right, wrong = np.zeros((2, 5)), np.zeros((2, 5))
    right[0], wrong[0] = [95, 50, 50, 50, 50], [5, 50, 50, 50, 50]
    means, _, _ = skills().standing(1, right, wrong)
    assert means[0] > means[1:].max()


def test_where_prices_mislead_the_price_of_an_unknown_arm_says_less() -> None:
    right, wrong = np.zeros((1, 5)), np.zeros((1, 5))
    right[0, :4], wrong[0, :4] = [90, 70, 50, 30], [10, 30, 50, 70]
    told = skills().standing(0, right, wrong).means
    fresh = skills().standing(0, np.zeros((1, 5)), np.zeros((1, 5))).means
    assert told[4] < fresh[4] - 0.15


def test_a_declared_prior_holds_against_few_outcomes_as_far_as_it_is_trusted() -> None:
    sure = [Arm("arm-0", 1.0, prior_success=0.95, prior_weight=200.0), *ARMS[1:]]
    right, wrong = np.zeros((1, 5)), np.zeros((1, 5))
    wrong[0, 0] = 3.0
    assert skills(sure).standing(0, right, wrong).means[0] > 0.75
    assert skills().standing(0, right, wrong).means[0] < 0.45


def test_few_outcomes_leave_doubt() -> None:
    right, wrong = np.zeros((1, 5)), np.zeros((1, 5))
    right[0, 1] = wrong[0, 0] = 2.0
    _, covariance, _ = skills().standing(0, right, wrong)
    assert (np.sqrt(covariance.diagonal()) > 0.08).all()


@given(st.lists(st.integers(0, 200), min_size=20, max_size=20))
def test_any_counts_give_chances_and_a_covariance(counts: list[int]) -> None:
    cells = np.array(counts, dtype=float).reshape(2, 2, 5)
    means, covariance, noise = skills().standing(1, cells[0], cells[1])
    assert ((means > 0.0) & (means < 1.0)).all()
    assert np.linalg.eigvalsh(covariance).min() > -1e-9
    assert (noise > 0.0).all()


def test_state_goes_on_as_the_original() -> None:
    right, wrong = np.full((2, 5), 20.0), np.full((2, 5), 5.0)
    one = skills()
    one.standing(0, right, wrong)
    other = skills()
    other.restore(one.state())
    right[0, 0] += 1.0
    assert (other.standing(0, right, wrong).means == one.standing(0, right, wrong).means).all()


def test_a_prior_of_one_role_says_nothing_of_another() -> None:
    arms = [Arm("arm-0", 1.0, prior_success=0.5, role_priors={"finder": 0.9}), *ARMS[1:]]
    made = skills(arms)
    made.name_roles(["finder", "locator"])
    nothing = np.zeros((2, 5))
    assert made.standing(0, nothing, nothing).means[0] == pytest.approx(0.9)
    assert made.standing(1, nothing, nothing).means[0] == pytest.approx(0.5)


def test_a_model_asked_in_smaller_batches_is_expected_to_be_as_good_as_it_is() -> None:
    arms = [*ARMS[:4], Arm("arm-4", 64.0, list_price_usd=ARMS[0].price_usd)]
    means, _, _ = skills(arms).standing(0, np.zeros((1, 5)), np.zeros((1, 5)))
    assert means[4] == means[0] < means[1]


def test_what_is_declared_of_an_arm_is_declared_for_its_roles_only() -> None:
    arms = [Arm("arm-0", 1.0, role_priors={"finder": 0.9}), *ARMS[1:]]
    made = skills(arms)
    made.name_roles(["finder", "locator"])
    assert made.declared(0) == {0}
    assert made.declared(1) == frozenset()
