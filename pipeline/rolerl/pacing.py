"""A ceiling on money, spread evenly over the decisions it has to last for."""

from typing import Any

CHECK_EVERY = 25
SMALLEST_STEP, LARGEST_STEP = 0.7, 1.5
MOST_DEAR = 1e6
SPREAD, RESERVE = 3.0, 1.1
"""A run may cost three times its mean, and the last decisions a tenth more than they did so far."""


class Pacer:
    """A closed loop: money looks dearer while spending runs ahead of what is left, and back.

    `factor` multiplies every price the policy reckons with. Inactive without a budget.
    """

    def __init__(self, budget_usd: float | None, decisions: int) -> None:
        self.active = budget_usd is not None
        self.left_usd = budget_usd or 0.0
        self.left_decisions = decisions
        self.factor = 1.0
        self._recent_usd = 0.0
        self._recent = 0

    def spend(self, usd: float) -> None:
        """Money that left: a run or a judgment, whoever it was for."""
        self.left_usd -= usd
        self._recent_usd += usd

    def pace(self, left_usd: float, left_decisions: int) -> None:
        """Somebody else keeps the account: this is left of it, and so many decisions to come."""
        self.left_usd, self.left_decisions = left_usd, left_decisions

    def decided(self) -> bool:
        """One decision more; True if `factor` has changed."""
        self.left_decisions = max(self.left_decisions - 1, 0)
        self._recent += 1
        if self._recent < CHECK_EVERY:
            return False
        rate = self._recent_usd / self._recent
        allowed = max(self.left_usd, 0.0) / max(self.left_decisions, 1)
        self._recent_usd, self._recent = 0.0, 0
        step = LARGEST_STEP if allowed <= 0.0 else (rate / allowed) ** 0.5
        before = self.factor
        step = min(max(step, SMALLEST_STEP), LARGEST_STEP)
        self.factor = min(max(self.factor * step, 1.0), MOST_DEAR)
        return abs(self.factor - before) > 0.02 * before

    def affords(self, usd: float, cheapest_usd: float) -> bool:
        """Whether a decision of at most `usd` leaves the cheapest run for every later one."""
        kept = RESERVE * cheapest_usd * max(self.left_decisions - 1, 0)
        return SPREAD * usd <= self.left_usd - kept

    def state(self) -> list[Any]:
        """Everything as JSON values."""
        return [self.left_usd, self.left_decisions, self.factor, self._recent_usd, self._recent]

    def restore(self, state: list[Any]) -> None:
        """The inverse of `state`."""
        (
            self.left_usd,
            self.left_decisions,
            self.factor,
            self._recent_usd,
            self._recent,
        ) = state
