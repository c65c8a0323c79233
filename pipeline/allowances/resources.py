"""Which resources a deployment shares, from its configuration, and which a call draws on."""

from collections.abc import Mapping

from pipeline.allowances.accounts import Account
from pipeline.allowances.windows import SlidingWindow
from pipeline.config import ModelSettings
from pipeline.config.allowances import BudgetSettings, LimitSettings, ShareSettings

REQUESTS = "requests:"
REQUESTS_A_SECOND = "requests-a-second:"
TOKENS = "tokens:"
USD = "usd:"


class Resources:
    """The limits by group and the budgets; `minute_s` is a minute, which tests shorten."""

    def __init__(
        self, limits: Mapping[str, LimitSettings], budget: BudgetSettings, minute_s: float = 60.0
    ) -> None:
        self.limits = limits
        self.budget = budget
        self.minute_s = minute_s
        self.window_names = frozenset(self.windows())
        self.account_names = frozenset(self.accounts())

    def __bool__(self) -> bool:
        return bool(self.window_names or self.account_names)

    def windows(self) -> dict[str, SlidingWindow]:
        """A sliding window for every limit of a provider, empty."""
        found: dict[str, SlidingWindow] = {}
        for group, limit in self.limits.items():
            if limit.requests_per_minute is not None:
                found[REQUESTS + group] = SlidingWindow(limit.requests_per_minute, self.minute_s)
            if limit.requests_per_second is not None:
                window = SlidingWindow(limit.requests_per_second, self.minute_s / 60)
                found[REQUESTS_A_SECOND + group] = window
            if limit.tokens_per_minute is not None:
                found[TOKENS + group] = SlidingWindow(limit.tokens_per_minute, self.minute_s)
        return found

    def accounts(self) -> dict[str, Account]:
        """An account for every budget, nothing spent."""
        budget = self.budget
        found: dict[str, Account] = {}
        if budget.run_usd is not None:
            found[USD + "run"] = Account(budget.run_usd, "run", budget.at_limit, budget.run)
        shares = [("", ShareSettings(hour_usd=budget.hour_usd, day_usd=budget.day_usd))]
        shares += [(f"role {name} ", share) for name, share in budget.role.items()]
        shares += [(f"domain {name} ", share) for name, share in budget.domain.items()]
        for prefix, share in shares:
            action = share.at_limit or budget.at_limit
            if share.hour_usd is not None:
                found[f"{USD}{prefix}hour"] = Account(share.hour_usd, "hour", action)
            if share.day_usd is not None:
                found[f"{USD}{prefix}day"] = Account(share.day_usd, "day", action)
        return found

    def group(self, arm: ModelSettings) -> str | None:
        """The limit group of an arm, None if nothing limits it."""
        for name in (arm.limit_group, f"{arm.base_url} {arm.api_key_env}", arm.base_url):
            if name is not None and name in self.limits:
                return name
        return None

    def budgets(self, role: str, domain: str) -> tuple[str, ...]:
        """The accounts that a call with a price is paid from."""
        theirs = ("", f"role {role} ", f"domain {domain} ")
        names = ["run", *(f"{prefix}{period}" for prefix in theirs for period in ("hour", "day"))]
        return tuple(USD + name for name in names if USD + name in self.account_names)


def is_money(resource: str) -> bool:
    """Whether the resource is a budget."""
    return resource.startswith(USD)
