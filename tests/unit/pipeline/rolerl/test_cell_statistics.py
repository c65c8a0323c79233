"""Statistics of right and wrong outcomes."""

from math import lgamma

import numpy as np
import pytest

from pipeline.rolerl.cell_statistics import AdditivePrior, log_gamma, same_evidence


def test_equal_counts_speak_for_one_regime_and_opposite_ones_against() -> None:
    prior = np.full((1, 1), 0.5)
    often, never = np.full((1, 1), 9.0), np.zeros((1, 1))
    assert same_evidence((often, never), (often, never), prior, prior) > 0.0
    assert same_evidence((often, never), (never, often), prior, prior) < -3.0


def test_the_prior_adds_role_and_arm() -> None:
    seen = np.array([[50.0, 50.0], [50.0, 0.0]])
    right = np.array([[45.0, 25.0], [40.0, 0.0]])
    prior = AdditivePrior(np.full(2, 0.7), np.full(2, 2.0)).chances(right, seen)
    assert 0.3 < prior[1, 1] < 0.6


def test_log_gamma_is_that_of_the_standard_library() -> None:
    for x in (0.05, 0.5, 1.0, 3.7, 400.0):
        assert float(log_gamma(np.array([x]))[0]) == pytest.approx(lgamma(x), abs=1e-7)
