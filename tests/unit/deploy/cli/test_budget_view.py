"""What `rolestream budget` prints of a ledger."""

from datetime import UTC, datetime, timedelta

from deploy.cli.budget_view import views
from schemas.allowances import AccountState, AllowanceLedger, Lease, WindowState

NOW = datetime(2026, 5, 4, 15, 0, tzinfo=UTC)
LEDGER = AllowanceLedger(
    coordinator="c",
    epoch=1,
    version=1,
    windows=(
        WindowState(
            resource="requests:g",
            limit=100.0,
            window_s=60.0,
            used=((NOW.timestamp() - 70, 30.0), (NOW.timestamp() - 5, 40.0)),
        ),
    ),
    accounts=(
        AccountState(
            resource="usd:day",
            limit_usd=5.0,
            period="day 2026-05-04",
            spent_usd=4.0,
            spent_since=NOW - timedelta(minutes=58),
            until=datetime(2026, 5, 5, tzinfo=UTC),
        ),
    ),
    leases=(
        Lease(
            lease_id="1.1", worker="w", amounts={"requests:g": 2.0, "usd:day": 0.25}, expires_s=0.0
        ),
    ),
    at=NOW,
)


def test_spent_reserved_and_left_are_told_apart() -> None:
    [account], [window] = views(LEDGER, NOW)
    assert (account.spent_usd, account.reserved_usd, account.left_usd) == (4.0, 0.25, 0.75)
    assert account.spent_since == "2026-05-04T14:02:00+00:00"
    assert (window.used, window.held, window.left) == (40.0, 2.0, 58.0)
    assert window.line.startswith("limit  g 100 requests a minute: used 40")
    assert "spent 4.0000, reserved 0.2500, left 0.7500" in account.line


def test_a_period_that_is_over_is_not_shown_as_spent() -> None:
    [account], [window] = views(LEDGER, NOW + timedelta(days=1))
    assert (account.spent_usd, account.spent_since) == (0.0, None)
    assert window.used == 0.0
