"""What is said of budgets and limits, in one line each."""

from datetime import UTC, datetime

from pipeline.allowances.resources import REQUESTS, REQUESTS_A_SECOND, TOKENS, USD
from schemas.allowances import AccountState, AllowanceLedger

_ACTIONS = {
    "degrade": "arms with a price are left out",
    "pause": "work that needs them stops",
    "stop": "workers stop",
}


def spent_line(account: AccountState) -> str | None:
    """That a budget is spent, since when, and what follows; None while it is not."""
    if account.spent_since is None:
        return None
    since = account.spent_since.astimezone(UTC)
    until = "" if account.until is None else f" until {_moment(account.until, since)} UTC"
    if account.until is None:
        until = " until it is raised, or budget.run is given another name"
    return (
        f"budget {account_name(account)} ({account.limit_usd:.2f} USD) is spent since "
        f"{since:%H:%M}, {_ACTIONS[account.at_limit]}{until}"
    )


def spent_lines(ledger: AllowanceLedger, now: datetime) -> tuple[str, ...]:
    """The lines of all budgets that are spent at the moment."""
    return tuple(
        line
        for account in ledger.accounts
        if in_force(account, now) and (line := spent_line(account)) is not None
    )


def in_force(account: AccountState, now: datetime) -> bool:
    """Whether the account's period is still the present one."""
    return account.until is None or now < account.until


def account_name(account: AccountState) -> str:
    """The budget's name without what all have in common."""
    return account.resource.removeprefix(USD)


def window_name(resource: str) -> tuple[str, str]:
    """What is limited, and the limit group."""
    for prefix, words in (
        (REQUESTS, "requests a minute"),
        (REQUESTS_A_SECOND, "requests a second"),
        (TOKENS, "tokens a minute"),
    ):
        if resource.startswith(prefix):
            return words, resource.removeprefix(prefix)
    return resource, ""


def _moment(at: datetime, since: datetime) -> str:
    there = at.astimezone(UTC)
    near = (there - since).total_seconds() <= 24 * 3600
    return f"{there:%H:%M}" if near else f"{there:%Y-%m-%d %H:%M}"
