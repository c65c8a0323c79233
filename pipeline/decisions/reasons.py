"""Why an arm has a role: the figures of all arms side by side, and what would change the choice."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from pipeline.decisions.run_book import ArmRecord
from pipeline.rolerl.arms import Arm
from pipeline.rolerl.policy import Plan

MOST_RIVALS = 2


@dataclass(frozen=True, slots=True)
class ArmFacts:
    """One arm in a role; `part` says in a word or two what the plan does with it."""

    arm: Arm
    part: str
    record: ArmRecord

    @property
    def success(self) -> float | None:
        """Chance of a right answer: what was seen, else what was declared, else None."""
        return self.arm.prior_success if self.record.success is None else self.record.success

    @property
    def run_usd(self) -> float:
        """What a run costs: what was paid on average, else the declared price of a typical run."""
        return self.arm.price_usd if self.record.run_usd is None else self.record.run_usd

    def utility_usd(self, value_usd: float) -> float | None:
        """What a run is worth, its cost taken off."""
        return None if self.success is None else value_usd * self.success - self.run_usd

    def as_json(self) -> dict[str, Any]:
        """As JSON values."""
        low, high = self.record.interval
        return {
            "model": self.arm.model,
            "part": self.part,
            "declared_price_usd": self.arm.price_usd,
            "run_usd": self.record.run_usd,
            "runs": self.record.runs,
            "unusable": self.record.failed,
            "known_results": self.record.known,
            "right": self.record.success,
            "right_low": low,
            "right_high": high,
            "latency_p50_s": self.record.latency_p50_s,
            "latency_p95_s": self.record.latency_p95_s,
        }


def arm_facts(plan: Plan, arms: Sequence[Arm], records: dict[str, ArmRecord]) -> list[ArmFacts]:
    """The arms, those the plan draws from first, then its fallbacks in turn, then the others."""
    known = {arm.model: arm for arm in arms}
    parts: dict[str, str] = {}
    for share in sorted(plan.mix, key=lambda share: share.model != plan.primary):
        drawn = "all run" if plan.sweep else f"{share.probability:.0%} of draws"
        judged = f", {share.judge_rate:.0%} judged" if share.judge_rate else ""
        parts[share.model] = drawn + judged
    for place, share in enumerate(plan.fallbacks, start=1):
        parts.setdefault(share.model, f"fallback {place}")
    for arm in arms:
        parts.setdefault(arm.model, "retired" if arm.retired else "not used")
    return [
        ArmFacts(known[model], part, records.get(model, ArmRecord()))
        for model, part in parts.items()
        if model in known
    ]


def turning_points(facts: Sequence[ArmFacts], primary: str, value_usd: float) -> list[str]:
    """What would have to be seen or paid for another arm to be worth more than the primary.

    In dollars a decision: a right answer counts `value_usd`, a run what it costs. One sentence for
    the primary and one for each of its nearest rivals.
    """
    first = next((row for row in facts if row.arm.model == primary), None)
    worth = None if first is None else first.utility_usd(value_usd)
    if first is None or worth is None:
        return [f"Nothing is known of {primary} yet: the first results may change everything."]
    able = [row for row in facts if row is not first and row.part not in ("retired", "not used")]
    rivals = [(utility, row) for row in able if (utility := row.utility_usd(value_usd)) is not None]
    rivals.sort(key=lambda pair: -pair[0])
    told = []
    if rivals and rivals[0][0] < worth:
        told.append(_losing(first, rivals[0][1], value_usd))
    told += [_winning(row, first, value_usd) for _, row in rivals[:MOST_RIVALS]]
    unknown = ", ".join(row.arm.model for row in able if row.success is None)
    if unknown:
        told.append(f"Nothing is known of {unknown} yet.")
    return told or [f"No other arm serves this role beside {primary}."]


def _losing(first: ArmFacts, rival: ArmFacts, value_usd: float) -> str:
    worth = rival.utility_usd(value_usd) or 0.0
    needed = (worth + first.run_usd) / value_usd
    name = first.arm.model
    if needed <= 0.0:
        return f"{name} keeps the role whatever it answers, so cheap is it."
    record = first.record
    count = max(1, ceil(record.right / needed - record.known)) if record.known else 1
    price = first.run_usd + (first.utility_usd(value_usd) or 0.0) - worth
    return (
        f"{name} loses the role to {rival.arm.model} below {needed:.1%} right answers (about "
        f"{count} wrong in a row), or if its run costs more than ${price:.3g}."
    )


def _winning(rival: ArmFacts, first: ArmFacts, value_usd: float) -> str:
    name, share = rival.arm.model, rival.success or 0.0
    worth = first.utility_usd(value_usd) or 0.0
    gap = worth - value_usd * share + rival.run_usd
    if gap <= 0.0:
        return (
            f"By these figures alone {name} is worth ${-gap:.3g} a decision more; the policy goes "
            "by the text at hand and by what it still wants to find out."
        )
    needed = (worth + rival.run_usd) / value_usd
    price = rival.run_usd - gap
    cheaper = f"at ${price:.3g} a run" if price > 0.0 else "by no price"
    if needed >= 1.0:
        return f"{name} cannot win it by better answers, only {cheaper}."
    record = rival.record
    count = ceil((needed * record.known - record.right) / (1.0 - needed)) if record.known else 1
    return (
        f"{name} takes it over with {needed:.1%} right answers (now {share:.1%}; about "
        f"{max(count, 1)} right in a row), or {cheaper}."
    )
