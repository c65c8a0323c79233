"""What the user sets for any policy; each figure has one meaning for all of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pipeline.errors import ConfigurationError
from pipeline.rolerl.arms import Arm

VALUE_JUDGED, VALUE_UNJUDGED = 7.0, 100.0
"""Without a value from the user, a success is worth so many runs of the dearest arm (or judgments,
if one costs more). Where a judge can be asked, seven: between the paper's v (4.4 runs of its
dearest arm) and its least step from half right to right (9). Where nobody can be asked a wrong
answer goes out unseen, so quality comes first: one per cent of it is worth a run of the dearest."""


@dataclass(frozen=True, slots=True)
class PolicySettings:
    """`seed` of the policy's own generator; `judge_price_usd`: what one judgment costs, None if

    there is no judge; `value_usd`: what a success is worth, None = derived from the dearest arm;
    `slo_p95_s`: 95 % of decisions should take no longer, `role_slo_p95_s` says so of single roles;
    `budget_usd` to last for
    `budget_decisions`; `success_quality`: quality from which a run counts as a success where the
    source says no more.
    """

    seed: int = 0
    judge_price_usd: float | None = None
    value_usd: float | None = None
    slo_p95_s: float | None = None
    budget_usd: float | None = None
    budget_decisions: int = 0
    success_quality: float = 0.5
    role_slo_p95_s: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("judge_price_usd", "value_usd", "slo_p95_s", "budget_usd"):
            value = getattr(self, name)
            if value is not None and value < 0:
                raise ConfigurationError(f"{name} is {value}; it must not be negative")
        if self.budget_usd is not None and self.budget_decisions <= 0:
            raise ConfigurationError("budget_usd needs budget_decisions: how long it is to last")

    def slo_of(self, role: str) -> float | None:
        """The latency objective of a role, None if it has none."""
        return self.role_slo_p95_s.get(role, self.slo_p95_s)

    def value_of_success(self, arms: Iterable[Arm]) -> float:
        """Dollars a success is worth, above zero."""
        if self.value_usd is not None:
            return max(self.value_usd, 1e-12)
        prices = [arm.ranked_usd for arm in arms if arm.live]
        runs = VALUE_UNJUDGED if self.judge_price_usd is None else VALUE_JUDGED
        return max(runs * max(prices, default=0.0), runs * (self.judge_price_usd or 0.0), 1e-12)
