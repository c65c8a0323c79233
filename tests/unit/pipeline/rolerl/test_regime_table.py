"""Counts by kind of text, and when two kinds are one."""

import numpy as np
import pytest

from pipeline.rolerl.likeness import Likeness
from pipeline.rolerl.regime_table import CRISP_VISITS, RegimeTable


def table(kinds: int) -> RegimeTable:
    made = RegimeTable(1, np.full(2, 0.6), np.full(2, 8.0), Likeness())
    for _ in range(kinds):
        made.add()
    return made


def tell(known: RegimeTable, kind: int, arm: int, success: bool, times: int) -> None:
    for _ in range(times):
        known.count(kind, 1.0, 0, arm, success)
        known.count_all(0, arm, success)
    known.refresh()


def test_chances_follow_the_counts_of_their_own_kind() -> None:
    known = table(2)
    tell(known, 0, 0, True, 30)
    tell(known, 1, 0, False, 30)
    assert known.chances[0, 0, 0] > 0.9
    assert known.chances[1, 0, 0] < 0.1
    assert 0.2 < known.chances[2, 0, 0] < 0.8


def test_kinds_that_agree_become_one_and_others_do_not() -> None:
    known = table(3)
    known.like.disagreed = 0.8 * known.like.expected
    known.visits = [2.0 * CRISP_VISITS] * 3
    for kind in (0, 2):
        for arm in (0, 1):
            tell(known, kind, arm, True, 30)
    tell(known, 1, 0, False, 30)
    tell(known, 1, 1, True, 30)
    assert known.same_pair() == (0, 2)
    known.merge(0, 2)
    assert len(known) == 2
    assert known.right[0][0, 0] == pytest.approx(60.0, rel=0.1)
    assert known.visits[0] == 4.0 * CRISP_VISITS
    assert known.same_pair() is None


def test_state_round_trips() -> None:
    known = table(2)
    tell(known, 0, 1, True, 7)
    other = table(0)
    other.restore(known.state())
    assert other.state() == known.state()
    assert (other.chances == known.chances).all()


def test_more_arms_keep_what_is_known() -> None:
    known = table(1)
    tell(known, 0, 1, True, 9)
    known.grow(2, np.full(3, 0.6), np.full(3, 8.0))
    assert known.chances.shape == (2, 2, 3)
    assert known.right[0][0, 1] == pytest.approx(9.0, rel=0.02)
    assert known.right[0].sum() == known.right[0][0, 1]
