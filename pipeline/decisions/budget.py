"""A money ceiling per period of time, told to a policy that paces itself by decisions."""

from datetime import datetime

from pydantic import BaseModel

from schemas.rewards import RewardEvent

FIRST_DECISIONS = 1000
"""Decisions expected in a period while nothing is known of how often they come."""
LEAST_SHARE = 0.01
"""Of a period that must have passed before its own pace counts."""


class BudgetPeriod(BaseModel):
    """What was spent, and how many decisions were made, in the present period.

    Time is that of the events, so that learning anew from them gives the same. `expected`:
    decisions a period, by the last one.
    """

    start: datetime | None = None
    spent_usd: float = 0.0
    decisions: int = 0
    expected: int = FIRST_DECISIONS
    domains: tuple[str, ...] = ()
    last_decision: str = ""

    def take(self, event: RewardEvent, period_s: float) -> None:
        """Enter an event; one that is a period later than the first begins a new period."""
        if event.domain not in self.domains:
            self.domains = (*self.domains, event.domain)
        if event.late:
            self.spent_usd += event.judge_cost_usd
            return
        if self.start is None or (event.at - self.start).total_seconds() >= period_s:
            if self.start is not None:
                self.expected = max(self.decisions, 1)
            self.start, self.spent_usd, self.decisions = event.at, 0.0, 0
        self.spent_usd += event.cost_usd + event.judge_cost_usd
        if event.decision_id != self.last_decision:
            self.decisions += 1
            self.last_decision = event.decision_id

    def left(self, budget_usd: float, period_s: float, now: datetime) -> tuple[float, int]:
        """Dollars and decisions that are left of the period; the budget is for each domain."""
        if self.start is None:
            return budget_usd, self.expected
        passed = min(max((now - self.start).total_seconds() / period_s, 0.0), 1.0)
        whole = self.decisions / passed if passed > LEAST_SHARE else float(self.expected)
        left = max(1, round((1.0 - passed) * whole))
        return budget_usd * len(self.domains) - self.spent_usd, left
