"""The ledger of allowances as people and programs read it."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from pipeline.allowances.words import account_name, in_force, window_name
from schemas.allowances import AllowanceLedger


@dataclass(frozen=True)
class AccountView:
    """A budget; `reserved_usd` is held for calls that are not settled."""

    budget: str
    limit_usd: float
    spent_usd: float
    reserved_usd: float
    left_usd: float
    period: str
    until: str | None
    at_limit: str
    spent_since: str | None

    @property
    def line(self) -> str:
        """One line."""
        until = "" if self.until is None else f" until {self.until}"
        return (
            f"budget {self.budget:32} {self.limit_usd:10.4f} USD, spent {self.spent_usd:.4f}, "
            f"reserved {self.reserved_usd:.4f}, left {self.left_usd:.4f}; "
            f"{self.period}{until}; at the limit: {self.at_limit}"
        )

    def as_json(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)


@dataclass(frozen=True)
class WindowView:
    """A limit of a provider; `held` is leased to workers and not used yet."""

    group: str
    limited: str
    limit: float
    used: float
    held: float
    left: float

    @property
    def line(self) -> str:
        """One line."""
        return (
            f"limit  {self.group} {self.limit:g} {self.limited}: used {self.used:g}, "
            f"held {self.held:g}, left {self.left:g}"
        )

    def as_json(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)


def views(ledger: AllowanceLedger, now: datetime) -> tuple[list[AccountView], list[WindowView]]:
    """The budgets and the limits as they are at `now`."""
    held: dict[str, float] = {}
    for lease in ledger.leases:
        for name, amount in lease.amounts.items():
            held[name] = held.get(name, 0.0) + amount
    accounts = []
    for state in ledger.accounts:
        current = in_force(state, now)
        spent = state.spent_usd if current else 0.0
        out = held.get(state.resource, 0.0)
        since = state.spent_since if current else None
        accounts.append(
            AccountView(
                budget=account_name(state),
                limit_usd=state.limit_usd,
                spent_usd=spent,
                reserved_usd=out,
                left_usd=max(0.0, state.limit_usd - spent - out),
                period=state.period if current else "the next period has begun",
                until=state.until.isoformat() if current and state.until else None,
                at_limit=state.at_limit,
                spent_since=None if since is None else since.isoformat(),
            )
        )
    windows = []
    for window in ledger.windows:
        words, group = window_name(window.resource)
        # Their times are the coordinator's wall clock.
        since_s = now.timestamp() - window.window_s
        used = sum(amount for at_s, amount in window.used if at_s > since_s)
        out = held.get(window.resource, 0.0)
        left = max(0.0, window.limit - used - out)
        windows.append(WindowView(group, words, window.limit, used, out, left))
    return accounts, windows
