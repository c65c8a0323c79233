"""What the demonstration has seen so far: the account that its summary is printed from."""

from collections import Counter
from dataclasses import dataclass, field

from pipeline.config import Config, ModelSettings
from pipeline.models.prices import cost_usd
from schemas.dead_letter import DeadLetter
from schemas.messages import CategorizedRecord, WindowOutcome
from schemas.rewards import RewardEvent, RoleAssignment, assignment_key


@dataclass
class DemoLedger:
    """Counts of one run of the demonstration."""

    dearest: ModelSettings
    sent: Counter[str] = field(default_factory=Counter)
    accounted: Counter[str] = field(default_factory=Counter)
    recorded: Counter[str] = field(default_factory=Counter)
    windows: int = 0
    failed_windows: int = 0
    records: dict[str, CategorizedRecord] = field(default_factory=dict)
    revisions: int = 0
    deletes: int = 0
    runs: Counter[str] = field(default_factory=Counter)
    kept_runs: int = 0
    cost: float = 0.0
    kept_cost: float = 0.0
    dearest_cost: float = 0.0
    feedback_events: int = 0
    role_assignments: dict[str, RoleAssignment] = field(default_factory=dict)
    history: dict[str, list[str]] = field(default_factory=dict)
    dead_letters: list[DeadLetter] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether every sentence that was sent is accounted for."""
        return sum(self.accounted.values()) >= sum(self.sent.values()) > 0

    def outcome(self, item: WindowOutcome) -> None:
        """A window is done."""
        self.windows += 1
        self.failed_windows += item.failed is not None
        self.accounted[item.domain] += item.sentences
        self.recorded[item.domain] += len(item.recorded)

    def record(self, item: CategorizedRecord) -> bool:
        """A record came; returns whether it is news."""
        seen = self.records.get(item.record_id)
        if seen is not None and seen.revision >= item.revision:
            return False
        self.records[item.record_id] = item
        self.revisions += item.revision > 1
        self.deletes += item.op == "delete"
        return True

    def run(self, item: RewardEvent) -> None:
        """A model run was paid, or people said how good one was."""
        if item.late:
            self.feedback_events += 1
            return
        self.runs[item.model] += 1
        self.cost += item.cost_usd
        if item.kept:
            self.kept_runs += 1
            self.kept_cost += item.cost_usd
            self.dearest_cost += cost_usd(self.dearest, item.input_tokens, 0, item.output_tokens)

    def assignment(self, item: RoleAssignment) -> bool:
        """The policy spoke; returns whether another model is now first."""
        key = assignment_key(item.domain, item.role)
        self.role_assignments[key] = item
        path = self.history.setdefault(key, [])
        if path and path[-1] == item.primary:
            return False
        path.append(item.primary)
        return len(path) > 1

    def per_category(self) -> dict[tuple[str, str], tuple[int, int]]:
        """Standing records and their sentences by (domain, category)."""
        counts: dict[tuple[str, str], tuple[int, int]] = {}
        for item in self.records.values():
            if item.op == "upsert":
                records, sentences = counts.get((item.domain, item.category), (0, 0))
                counts[item.domain, item.category] = (records + 1, sentences + len(item.sentences))
        return dict(sorted(counts.items()))


def dearest_of(config: Config) -> ModelSettings:
    """The arm whose declared prices are the highest."""
    return max(config.models, key=lambda model: cost_usd(model, 1000, 0, 300))
