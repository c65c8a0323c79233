"""A budget lasts as long as it has to."""

import pytest

from pipeline.errors import ConfigurationError
from pipeline.rolerl.pacing import Pacer
from pipeline.rolerl.settings import PolicySettings


def test_money_looks_dearer_while_spending_runs_ahead() -> None:
    pacer = Pacer(10.0, 1000)
    for _ in range(200):
        pacer.spend(0.03)
        pacer.decided()
    assert pacer.factor > 2.0
    for _ in range(600):
        pacer.spend(0.001)
        pacer.decided()
    assert pacer.factor == 1.0


def test_the_last_money_is_kept_for_the_cheapest_runs() -> None:
    pacer = Pacer(1.0, 100)
    assert pacer.affords(0.15, 0.005)
    assert not pacer.affords(0.16, 0.005)


def test_a_budget_needs_a_duration() -> None:
    with pytest.raises(ConfigurationError, match="budget_decisions"):
        PolicySettings(budget_usd=1.0)
