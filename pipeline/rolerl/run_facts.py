"""What every run tells for nothing: its cost, whether it passed its checks, how long it took."""

from dataclasses import dataclass, field
from typing import Any

from pipeline.rolerl.latency import LATE_LIMIT, Latency
from pipeline.rolerl.rests import Rests

COST_MEMORY = 100.0
VALID_PRIOR, VALID_PRIOR_WEIGHT, VALID_MEMORY = 0.98, 2.0, 50.0
NOTABLE_COST, NOTABLE_VALID = 0.05, 0.01
"""Changes below these do not make plans anew: of a cost (relative), and of a share of valid
answers."""


@dataclass(slots=True)
class ArmFacts:
    """One arm in one role: what a run costs, what that was when plans were last made anew, how

    many runs there were (no more than are remembered), the share of valid answers, the latency.
    """

    cost_usd: float
    noted_usd: float
    runs: float = 0.0
    valid: float = VALID_PRIOR
    latency: Latency = field(default_factory=Latency)


class RunFacts:
    """By role and arm, as numbers; `broken` are the arms that rest in a role."""

    def __init__(self) -> None:
        self.cells: list[list[ArmFacts]] = []
        self.broken = Rests()

    def widen(self, role: int, prices_usd: list[float]) -> None:
        """Make room for a role, or for its arms beyond those known; declared prices of all arms."""
        if role == len(self.cells):
            self.cells.append([])
        row = self.cells[role]
        row += [ArmFacts(price, price) for price in prices_usd[len(row) :]]

    def reprice(self, arm: int, factor: float) -> None:
        """What the arm cost so far, at its new price."""
        for row in self.cells:
            row[arm].cost_usd *= factor

    def ran(
        self,
        role: int,
        arm: int,
        cost_usd: float,
        valid: bool,
        took_s: float | None,
        slo_s: float | None,
        decisions: float,
    ) -> bool:
        """One run, at that decision of the role; returns whether it changes what to plan with."""
        cell = self.cells[role][arm]
        runs = cell.runs = cell.runs + 1.0 if cell.runs < COST_MEMORY else COST_MEMORY
        before, noted = cell.cost_usd, cell.noted_usd
        cost = cell.cost_usd = before + (cost_usd - before) / (runs + 1.0)
        changes = abs(cost - noted) > NOTABLE_COST * noted
        if changes:
            cell.noted_usd = cost
        share = cell.valid
        weight = (runs if runs < VALID_MEMORY else VALID_MEMORY) + VALID_PRIOR_WEIGHT
        if valid:
            moved = (1.0 - share) / weight
            if self.broken.cells:
                self.broken.passed(role, arm)
        else:
            moved = min(-share / weight, -share / (VALID_PRIOR_WEIGHT + 1.0))
            changes = self.broken.failed(role, arm, decisions) or changes
        cell.valid = share + moved
        if moved > NOTABLE_VALID or moved < -NOTABLE_VALID:
            changes = True
        if took_s is not None:
            latency = cell.latency
            if slo_s is None:
                latency.add(took_s, None)
                return changes
            was_late = latency.late_share > LATE_LIMIT
            latency.add(took_s, slo_s)
            changes = changes or (latency.late_share > LATE_LIMIT) != was_late
        return changes

    def costs(self, role: int, arms: list[int]) -> list[float]:
        """Dollars a run of each of the arms."""
        row = self.cells[role]
        return [row[arm].cost_usd for arm in arms]

    def valid(self, role: int, arms: list[int]) -> list[float]:
        """Share of valid answers of each of the arms."""
        row = self.cells[role]
        return [row[arm].valid for arm in arms]

    def late_share(self, role: int, arm: int) -> float:
        """Share of the arm's runs that take longer than the role's objective."""
        return self.cells[role][arm].latency.late_share

    def state(self) -> dict[str, Any]:
        """Everything as JSON values."""
        return {
            "costs": [[cell.cost_usd for cell in row] for row in self.cells],
            "noted_costs": [[cell.noted_usd for cell in row] for row in self.cells],
            "runs": [[cell.runs for cell in row] for row in self.cells],
            "valid": [[cell.valid for cell in row] for row in self.cells],
            "latency": [[cell.latency.cells() for cell in row] for row in self.cells],
            "broken": self.broken.state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """The inverse of `state`."""
        parts = [state[name] for name in ("costs", "noted_costs", "runs", "valid", "latency")]
        self.cells = [
            [
                ArmFacts(cost_usd, noted_usd, runs, valid, Latency(*latency))
                for cost_usd, noted_usd, runs, valid, latency in zip(*row, strict=True)
            ]
            for row in zip(*parts, strict=True)
        ]
        self.broken.restore(state["broken"])
