"""Discounted tallies against the sums they stand for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.rolerl.policies.tallies import Tallies

SEEN = st.lists(st.tuples(st.integers(0, 2), st.floats(-1.0, 1.0)), min_size=1, max_size=60)


def tallies() -> Tallies:
    made = Tallies(0.0)
    made.admit(["a", "b", "c"])
    return made


@given(SEEN, st.sampled_from([1.0, 0.998, 0.9]))
def test_counts_and_means_are_discounted_sums(
    seen: list[tuple[int, float]], forgetting: float
) -> None:
    made = tallies()
    for arm, value in seen:
        made.add(arm, value, forgetting)
    ages = range(len(seen) - 1, -1, -1)
    for arm in range(3):
        own = [(forgetting**age, v) for age, (a, v) in zip(ages, seen, strict=True) if a == arm]
        weight = sum(w for w, _ in own)
        assert made.count(arm) == pytest.approx(weight)
        if own:
            mean = sum(w * v for w, v in own) / weight
            spread = sum(w * (v - mean) ** 2 for w, v in own)
            assert made.means[arm] == pytest.approx(mean, abs=1e-9)
            assert made.spreads[arm] / made.scale == pytest.approx(spread, abs=1e-9)
    assert made.total == pytest.approx(sum(forgetting**age for age in ages))


@given(SEEN)
def test_the_ranking_is_by_mean_with_the_cheaper_first(seen: list[tuple[int, float]]) -> None:
    made = tallies()
    for arm, value in seen:
        made.add(arm, value, 0.998)
        assert made.ranking == sorted(range(3), key=lambda i: (-made.means[i], i))


def test_a_long_history_does_not_overflow() -> None:
    made = tallies()
    for number in range(3000):
        made.add(number % 3, 0.25, 0.9)
    assert made.total == pytest.approx(10.0)
    assert sum(made.count(arm) for arm in range(3)) == pytest.approx(10.0)


def test_an_arm_that_leaves_keeps_its_tally_and_comes_back() -> None:
    made = tallies()
    made.add(1, 0.9, 0.998)
    made.admit(["a", "c"])
    assert made.ranking == [0, 2]
    made.add(1, 0.9, 0.998)
    made.admit(["a", "b", "c"])
    assert made.ranking[0] == 1
