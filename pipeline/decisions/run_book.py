"""What was seen of every arm in every role, and what was paid: for people, beside the policy."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import sqrt

from pydantic import BaseModel

from pipeline.decisions.ledger import Purpose, entries
from pipeline.rolerl.latency import Latency
from pipeline.rolerl.policy import Observation
from schemas.rewards import RewardEvent, assignment_key

FORGETTING = 0.998
"""Weight of the past after each known result of an arm: it remembers about 500."""
HALF = 0.5
NORMAL_95 = 1.959964


@dataclass(slots=True)
class ArmRecord:
    """One arm in one role of one domain.

    `runs`, `failed` (unusable answers) and `cost_usd` since the beginning; `known` and `right`:
    results that became known, the older the less they count; `latency` as `Latency.cells` gives it.
    """

    runs: int = 0
    failed: int = 0
    cost_usd: float = 0.0
    known: float = 0.0
    right: float = 0.0
    latency: tuple[float, float, float, float, float] = (0.0, 0.0, 0.0, 0.0, 0.0)

    @property
    def success(self) -> float | None:
        """Share of right answers among the known ones."""
        return self.right / self.known if self.known > 0.0 else None

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of that share (Wilson 1927)."""
        return wilson(self.right, self.known)

    @property
    def run_usd(self) -> float | None:
        """What a run cost on average."""
        return self.cost_usd / self.runs if self.runs else None

    @property
    def latency_p50_s(self) -> float | None:
        """Median seconds of a run."""
        return self.latency[1] if self.latency[0] else None

    @property
    def latency_p95_s(self) -> float | None:
        """Seconds that 95 % of runs do not exceed."""
        return self.latency[2] if self.latency[0] else None


@dataclass(slots=True)
class Account:
    """Money of one role of one domain; dollars.

    `by_purpose` sums to all that was paid. `kept_usd`: runs whose answer was delivered, repairs
    included; the tokens are theirs, so that they can be priced at any arm's prices.
    """

    decisions_kept: int = 0
    by_purpose: dict[str, float] = field(default_factory=dict)
    kept_usd: float = 0.0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0

    @property
    def judged_usd(self) -> float:
        """What judgments cost."""
        return self.by_purpose.get(Purpose.JUDGMENT.value, 0.0)

    @property
    def total_usd(self) -> float:
        """All that was paid."""
        return sum(self.by_purpose.values())

    @property
    def runs_usd(self) -> float:
        """What all runs cost, kept or not."""
        return self.total_usd - self.judged_usd

    def plus(self, other: "Account") -> "Account":
        """Both together."""
        purposes = {*self.by_purpose, *other.by_purpose}
        return Account(
            decisions_kept=self.decisions_kept + other.decisions_kept,
            by_purpose={
                name: self.by_purpose.get(name, 0.0) + other.by_purpose.get(name, 0.0)
                for name in sorted(purposes)
            },
            kept_usd=self.kept_usd + other.kept_usd,
            input_tokens=self.input_tokens + other.input_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
        )


class RunBook(BaseModel):
    """By `<domain>|<role>`: the arms' records by model, and the account."""

    arms: dict[str, dict[str, ArmRecord]] = {}
    accounts: dict[str, Account] = {}

    def take(self, event: RewardEvent, seen: Observation) -> None:
        """Enter a reward event, and what the policy is told of it."""
        key = assignment_key(event.domain, event.role)
        records = self.arms.setdefault(key, {})
        record = records.get(event.model)
        if record is None:
            record = records[event.model] = ArmRecord()
        if not event.late:
            _enter_run(record, event, seen)
            account = self.accounts.get(key)
            if account is None:
                account = self.accounts[key] = Account()
            _pay(account, event)
        quality = seen.quality if seen.valid else 0.0
        if quality is not None:
            record.known = FORGETTING * record.known + 1.0
            record.right = FORGETTING * record.right + (quality >= HALF)

    def records(self, key: str) -> dict[str, ArmRecord]:
        """The arms' records in a role."""
        return self.arms.get(key, {})

    def account(self, keys: Iterable[str]) -> Account:
        """The accounts of several roles together."""
        total = Account()
        for key in keys:
            total = total.plus(self.accounts.get(key, Account()))
        return total


def _enter_run(record: ArmRecord, event: RewardEvent, seen: Observation) -> None:
    record.runs += 1
    record.failed += not seen.valid
    record.cost_usd += event.cost_usd
    latency = Latency(*record.latency)
    latency.add(event.latency_s, None)
    count, p50, p95, scale, late = latency.cells()
    record.latency = (count, p50, p95, scale, late)


def _pay(account: Account, event: RewardEvent) -> None:
    for entry in entries(event):
        name = entry.purpose.value
        account.by_purpose[name] = account.by_purpose.get(name, 0.0) + entry.usd
    if event.kept:
        account.decisions_kept += 1
        account.kept_usd += event.cost_usd
        account.input_tokens += event.input_tokens
        account.cached_tokens += event.cached_tokens
        account.output_tokens += event.output_tokens


def wilson(right: float, known: float) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927); (0, 1) if nothing is known."""
    if known <= 0.0:
        return (0.0, 1.0)
    z = NORMAL_95 * NORMAL_95 / known
    middle = (right / known + z / 2.0) / (1.0 + z)
    share = right / known
    half = NORMAL_95 * sqrt(share * (1.0 - share) / known + z / (4.0 * known)) / (1.0 + z)
    return (max(0.0, middle - half), min(1.0, middle + half))
