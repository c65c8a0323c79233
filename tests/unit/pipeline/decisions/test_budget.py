"""A budget lasts for its period, by the time of the events."""

from datetime import timedelta

import pytest

from pipeline.decisions.budget import FIRST_DECISIONS, BudgetPeriod
from tests.role_tasks import AT
from tests.unit.pipeline.decisions.test_ledger import event

HOUR_S = 3600.0


def after(seconds: float, number: int = 0, **fields: object) -> BudgetPeriod:
    period = BudgetPeriod()
    period.take(event(decision_id="first", at=AT), HOUR_S)
    for n in range(number):
        at = AT + timedelta(seconds=seconds * (n + 1) / number)
        period.take(event(decision_id=f"d{n}", at=at, **fields), HOUR_S)
    return period


def test_nothing_is_spent_at_the_start() -> None:
    assert BudgetPeriod().left(5.0, HOUR_S, AT) == (5.0, FIRST_DECISIONS)


def test_what_is_left_follows_time_and_pace() -> None:
    period = after(HOUR_S / 4, 99, cost_usd=0.01)
    usd, decisions = period.left(10.0, HOUR_S, AT + timedelta(seconds=HOUR_S / 4))
    assert usd == pytest.approx(10.0 - 1.0 - 0.99)
    assert decisions == 300


def test_a_new_period_begins_with_a_new_budget_and_the_old_pace() -> None:
    period = after(HOUR_S / 2, 49, cost_usd=1.0)
    period.take(event(decision_id="later", at=AT + timedelta(hours=1)), HOUR_S)
    assert period.spent_usd == 1.0
    assert period.left(10.0, HOUR_S, AT + timedelta(hours=1)) == (9.0, 50)


def test_runs_of_one_decision_count_once_and_judgments_cost() -> None:
    period = BudgetPeriod()
    for model in ("a", "b"):
        period.take(event(model=model, judge_cost_usd=0.5), HOUR_S)
    assert (period.decisions, period.spent_usd) == (1, 3.0)


def test_each_domain_has_the_budget() -> None:
    period = after(1.0)
    period.take(event(domain="news", decision_id="n"), HOUR_S)
    assert period.left(10.0, HOUR_S, AT)[0] == pytest.approx(18.0)
