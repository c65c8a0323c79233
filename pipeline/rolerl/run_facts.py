"""What every run tells for nothing: its cost, whether it passed its checks, how long it took."""

from typing import Any

from pipeline.rolerl.latency import LATE_LIMIT, Latency
from pipeline.rolerl.rests import Rests

COST_MEMORY = 100.0
VALID_PRIOR, VALID_PRIOR_WEIGHT, VALID_MEMORY = 0.98, 2.0, 50.0
NOTABLE_COST, NOTABLE_VALID = 0.05, 0.01
"""Changes below these do not make plans anew: of a cost (relative), and of a share of valid
answers."""


class RunFacts:
    """Means by role and arm, as numbers; `broken` are the arms that rest in a role."""

    def __init__(self) -> None:
        self.costs: list[list[float]] = []
        self.runs: list[list[float]] = []
        self.valid: list[list[float]] = []
        self.latency: list[list[Latency]] = []
        self.broken = Rests()
        self._noted_costs: list[list[float]] = []

    def widen(self, role: int, prices_usd: list[float]) -> None:
        """Make room for a role, or for its arms beyond those known; declared prices of all arms."""
        if role == len(self.costs):
            for rows in (self.costs, self.runs, self.valid, self._noted_costs):
                rows.append([])
            self.latency.append([])
        for price in prices_usd[len(self.costs[role]) :]:
            self.costs[role].append(price)
            self._noted_costs[role].append(price)
            self.runs[role].append(0.0)
            self.valid[role].append(VALID_PRIOR)
            self.latency[role].append(Latency())

    def reprice(self, arm: int, factor: float) -> None:
        """What the arm cost so far, at its new price."""
        for row in self.costs:
            row[arm] *= factor

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
        count = self.runs[role][arm] = min(self.runs[role][arm] + 1.0, COST_MEMORY)
        costs = self.costs[role]
        cost = costs[arm] = costs[arm] + (cost_usd - costs[arm]) / (count + 1.0)
        noted = self._noted_costs[role]
        changes = abs(cost - noted[arm]) > NOTABLE_COST * noted[arm]
        if changes:
            noted[arm] = cost
        share = self.valid[role][arm]
        moved = (float(valid) - share) / (min(count, VALID_MEMORY) + VALID_PRIOR_WEIGHT)
        if valid:
            self.broken.passed(role, arm)
        else:
            moved = min(moved, -share / (VALID_PRIOR_WEIGHT + 1.0))
            changes = self.broken.failed(role, arm, decisions) or changes
        self.valid[role][arm] = share + moved
        changes = changes or abs(moved) > NOTABLE_VALID
        if took_s is not None:
            latency = self.latency[role][arm]
            before = latency.late_share > LATE_LIMIT
            latency.add(took_s, slo_s)
            if slo_s is not None and (latency.late_share > LATE_LIMIT) != before:
                changes = True
        return changes

    def late_share(self, role: int, arm: int) -> float:
        """Share of the arm's runs that take longer than the role's objective."""
        return self.latency[role][arm].late_share

    def state(self) -> dict[str, Any]:
        """Everything as JSON values."""
        return {
            "costs": self.costs,
            "noted_costs": self._noted_costs,
            "runs": self.runs,
            "valid": self.valid,
            "latency": [[cell.cells() for cell in row] for row in self.latency],
            "broken": self.broken.state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """The inverse of `state`."""
        self.costs, self._noted_costs = state["costs"], state["noted_costs"]
        self.runs, self.valid = state["runs"], state["valid"]
        self.latency = [[Latency(*cells) for cells in row] for row in state["latency"]]
        self.broken.restore(state["broken"])
