"""Budgets: periods begin and end on time, and what is spent is said in one line."""

from datetime import UTC, datetime, timedelta

from pipeline.allowances.accounts import Account
from pipeline.allowances.ledger import Ledger
from pipeline.allowances.resources import Resources
from pipeline.allowances.words import spent_lines
from pipeline.config.allowances import AllowanceSettings, BudgetSettings, ShareSettings
from schemas.allowances import AllowanceLedger, AllowanceRequest

NOON = datetime(2026, 5, 4, 14, 2, tzinfo=UTC)
SETTINGS = AllowanceSettings()


def test_an_hour_and_a_day_end_and_a_run_does_not() -> None:
    hour, day, run = (Account(1.0, period, "degrade", "r") for period in ("hour", "day", "run"))
    for account in (hour, day, run):
        account.roll(NOON)
        account.charge(0.75)
        account.close(NOON)
    later = NOON + timedelta(hours=1)
    assert [account.roll(later) for account in (hour, day, run)] == [True, False, False]
    assert (hour.spent_usd, hour.spent_since) == (0.0, None)
    assert (day.left(), day.spent_since) == (0.25, NOON)
    assert day.roll(NOON + timedelta(days=1))
    assert not run.roll(NOON + timedelta(days=400))
    assert day.until(NOON) == datetime(2026, 5, 5, tzinfo=UTC)
    assert run.until(NOON) is None


def test_a_call_is_paid_from_its_role_s_and_its_domain_s_budgets_too() -> None:
    share = ShareSettings(day_usd=1.0)
    budget = BudgetSettings(hour_usd=5.0, role={"topic_finder": share}, domain={"news": share})
    resources = Resources({}, budget)
    assert resources.budgets("topic_finder", "news") == (
        "usd:hour",
        "usd:role topic_finder day",
        "usd:domain news day",
    )
    assert resources.budgets("topic_locator", "shorts") == ("usd:hour",)
    assert not Resources({}, BudgetSettings())


def asked(ledger: Ledger, sequence: int, usd: float, at: datetime = NOON) -> AllowanceLedger:
    """The ledger after a worker has asked for one call."""
    ledger.take(
        AllowanceRequest(
            worker="w", sequence=sequence, sent_s=0.0, wanted=({"usd:day": usd},), waiting=1
        ),
        float(sequence),
    )
    ledger.turn(float(sequence), at)
    return ledger.state(float(sequence), at)


def test_a_budget_that_a_call_does_not_fit_into_is_closed_and_says_so() -> None:
    ledger = Ledger(Resources({}, BudgetSettings(day_usd=5.0)), SETTINGS, 1)
    assert asked(ledger, 1, 5.0).leases[0].amounts == {"usd:day": 5.0}
    # What is held may come back, so that the budget is not closed yet.
    assert asked(ledger, 2, 0.1).accounts[0].spent_since is None
    state = asked(ledger, 3, 6.0)
    assert spent_lines(state, NOON) == (
        "budget day (5.00 USD) is spent since 14:02, arms with a price are left out "
        "until 00:00 UTC",
    )
    assert spent_lines(state, NOON + timedelta(days=1)) == ()


def test_what_is_spent_survives_the_coordinator_and_a_raised_limit_opens_again() -> None:
    ledger = Ledger(Resources({}, BudgetSettings(day_usd=5.0)), SETTINGS, 1)
    asked(ledger, 1, 4.0)
    kept = asked(ledger, 2, 6.0)
    same = Ledger(Resources({}, BudgetSettings(day_usd=5.0)), SETTINGS, 2)
    same.restore(kept, 3.0, NOON)
    assert same.state(3.0, NOON).leases == kept.leases
    assert same.state(3.0, NOON).accounts[0].spent_since == NOON
    raised = Ledger(Resources({}, BudgetSettings(day_usd=50.0)), SETTINGS, 2)
    raised.restore(kept, 3.0, NOON)
    assert raised.state(3.0, NOON).accounts[0].spent_since is None
    tomorrow = Ledger(Resources({}, BudgetSettings(day_usd=5.0)), SETTINGS, 2)
    tomorrow.restore(kept, 3.0, NOON + timedelta(days=1))
    assert tomorrow.state(3.0, NOON + timedelta(days=1)).accounts[0].spent_since is None


def test_a_request_that_is_read_twice_counts_once() -> None:
    ledger = Ledger(Resources({}, BudgetSettings(day_usd=5.0)), SETTINGS, 1)
    lease = asked(ledger, 1, 1.0).leases[0].lease_id
    report = {"lease_id": lease, "used": [{"at_s": 1.0, "amounts": {"usd:day": 0.5}}]}
    message = AllowanceRequest.model_validate(
        {"worker": "w", "sequence": 2, "sent_s": 1.0, "epoch": 1, "leases": [report]}
    )
    assert ledger.take(message, 2.0)
    assert not ledger.take(message, 3.0)
    assert ledger.state(3.0, NOON).accounts[0].spent_usd == 0.5
