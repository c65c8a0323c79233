"""The replay's side of the game: what runs cost, what they show, and what would have been best."""

from collections.abc import Mapping
from dataclasses import replace

from pipeline.errors import ConfigurationError
from pipeline.rolerl.arms import Arm
from pipeline.rolerl.replay.options import PoolEvent, ReplayOptions
from pipeline.rolerl.replay.table import Line, OutcomeTable
from pipeline.rolerl.settings import PolicySettings


class World:
    """The models as they are at the current step, on top of the table's recorded lines."""

    def __init__(self, table: OutcomeTable, options: ReplayOptions) -> None:
        self.table = table
        for event in options.events:
            if event.model not in table.mean_cost_usd:
                known = ", ".join(table.models)
                raise ConfigurationError(
                    f"--{event.kind}-model: the table has no model {event.model!r}; it has {known}"
                )
        late = {e.model for e in options.events if e.kind == "add"}
        self.arms: dict[str, Arm] = {
            model: Arm(model, table.mean_cost_usd[model], roles=table.roles_of[model])
            for model in table.models
            if model not in late
        }
        self.broken: set[str] = set()
        self.factor: dict[str, float] = {}
        self._best: dict[int, tuple[float, bool]] = {}

    def happen(self, event: PoolEvent) -> Arm | None:
        """Let an event take effect; the arm as the policy is told of it, None if it is not."""
        model = event.model
        if event.kind == "break":
            self.broken.add(model)
            self._best.clear()
            return None
        if event.kind == "add":
            arm = Arm(
                model,
                self.table.mean_cost_usd[model] * self.factor.get(model, 1.0),
                roles=self.table.roles_of[model],
            )
        elif event.kind == "drop":
            arm = replace(self.arms[model], retired=True)
        else:
            self.factor[model] = self.factor.get(model, 1.0) * event.factor
            known = self.arms.get(model)
            if known is None:
                return None
            arm = replace(known, price_usd=known.price_usd * event.factor)
        self.arms[model] = arm
        self._best.clear()
        return arm

    def cost(self, model: str, line: Line) -> float:
        """What running the model costs now, dollars."""
        return line.cost_usd * self.factor.get(model, 1.0) if self.factor else line.cost_usd

    def oracle(self, lines: Mapping[str, Line], cell: int) -> tuple[float, bool]:
        """(cost, success) of the cheapest live model that succeeds, else of the cheapest.

        `cell` identifies `lines` for the cache.
        """
        found = self._best.get(cell)
        if found is None:
            found = self._best[cell] = self._cheapest(lines)
        return found

    def _cheapest(self, lines: Mapping[str, Line]) -> tuple[float, bool]:
        live = [
            (self.cost(m, line), line.success and m not in self.broken)
            for m, line in lines.items()
            if m in self.arms and self.arms[m].live
        ]
        if not live:
            return (0.0, False)
        return min(live, key=lambda pair: (not pair[1], pair[0]))


def judge_price_usd(table: OutcomeTable, options: ReplayOptions) -> float | None:
    """Price of one judgment; ConfigurationError if the judge's model is not in the table."""
    if options.judge_model is None:
        return options.judge_cost_usd
    price = table.mean_cost_usd.get(options.judge_model)
    if price is None:
        raise ConfigurationError(
            f"--judge-model {options.judge_model!r}: the table has {', '.join(table.models)}"
        )
    return price


def settings_for(table: OutcomeTable, options: ReplayOptions, seed: int) -> PolicySettings:
    """What the policy is told: never an item, never a segment, nothing of the recorded quality."""
    decisions = sum(len(item.roles) for item in table.items)
    if options.steps is not None or options.schedule == "paper":
        steps = options.steps or 50_000
        decisions = round(steps * decisions / len(table.items))
    return PolicySettings(
        seed=seed,
        judge_price_usd=judge_price_usd(table, options),
        value_usd=options.value_usd,
        slo_p95_s=options.slo_p95_s,
        budget_usd=options.budget_usd,
        budget_decisions=decisions if options.budget_usd is not None else 0,
    )
