"""The replay as one call: all seeds, one report, the JSON of the command."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson

from pipeline.errors import ConfigurationError
from pipeline.rolerl.registry import make_policy
from pipeline.rolerl.replay.figures import (
    Columns,
    cheapest_adequate,
    columns,
    figures,
    joined,
    recovery,
    single_models,
)
from pipeline.rolerl.replay.options import ReplayOptions
from pipeline.rolerl.replay.simulate import Simulation, Trace
from pipeline.rolerl.replay.table import OutcomeTable, read_table
from pipeline.rolerl.replay.world import World, judge_price_usd, settings_for

MEANS = (
    "quality_mean",
    "success_share",
    "saved_kept",
    "saved_paid",
    "saved_all_in",
    "saved_vs_cheapest_adequate",
    "latency_p50_s",
    "latency_p95_s",
    "runs_per_decision",
    "judgments_per_decision",
    "regret_mean",
    "slo_violation_share",
    "budget_overshoot",
)


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """What a replay found: fractions, dollars, seconds; `None` where a figure has no meaning.

    Every mean is over decisions within a seed and then over seeds. `per_seed` also holds the
    events, the ledger and the value of a success that the regret was reckoned with.
    """

    policy: str
    outcomes: str
    seeds: int
    steps: int
    window: int | None
    baseline: str
    means: dict[str, Any]
    per_role: dict[str, dict[str, Any]]
    per_seed: list[dict[str, Any]]

    def as_dict(self) -> dict[str, Any]:
        """The report with exactly the keys of the command's JSON."""
        return {
            "policy": self.policy,
            "outcomes": self.outcomes,
            "seeds": self.seeds,
            "steps": self.steps,
            "window": "all" if self.window is None else f"last:{self.window}",
            "baseline": self.baseline,
            **{name: self.means[name] for name in MEANS},
            "per_role": self.per_role,
            "per_seed": self.per_seed,
        }

    def as_json(self) -> bytes:
        """`as_dict` as indented JSON."""
        return orjson.dumps(self.as_dict(), option=orjson.OPT_INDENT_2)


def run_replay(options: ReplayOptions) -> ReplayReport:
    """Play every seed; InvalidInputError or ConfigurationError says what is wrong with the input.

    One core; a table of 50,000 steps with four roles takes some seconds a seed.
    """
    table = read_table(options.outcomes)
    baseline = options.baseline or table.models[-1]
    if baseline not in table.mean_cost_usd:
        raise ConfigurationError(
            f"--baseline {baseline!r}: the table has {', '.join(table.models)}"
        )
    per_seed: list[dict[str, Any]] = []
    roles: dict[str, list[dict[str, Any]]] = {}
    steps = 0
    for seed in range(options.seeds):
        entry, by_role, steps = _play(table, options, baseline, seed)
        per_seed.append(entry)
        for role, found in by_role.items():
            roles.setdefault(role, []).append(found)
    return ReplayReport(
        policy=options.policy,
        outcomes=options.outcomes.name,
        seeds=options.seeds,
        steps=steps,
        window=options.window,
        baseline=baseline,
        means=_mean(per_seed),
        per_role={role: _mean(found) for role, found in roles.items()},
        per_seed=per_seed,
    )


def _play(
    table: OutcomeTable, options: ReplayOptions, baseline: str, seed: int
) -> tuple[dict[str, Any], dict[str, dict[str, Any]], int]:
    settings = settings_for(table, options, seed)
    world = World(table, options)
    value_usd = settings.value_of_success(world.arms.values())
    policy = make_policy(options.policy, world.arms.values(), settings)
    traces = Simulation(policy, world, options, seed).run(judge_price_usd(table, options))
    steps = 1 + max(trace.step[-1] for trace in traces.values())
    first = 0 if options.window is None else max(0, steps - options.window)
    parts = {role: columns(traces[role], first) for role in table.roles if role in traces}
    parts = {role: part for role, part in parts.items() if len(part.step)}
    has_latency = any(
        line.latency_s is not None
        for item in table.items
        for _, lines in item.roles
        for line in lines.values()
    )

    def measured(some: dict[str, Columns]) -> dict[str, Any]:
        singles = single_models(table, {role: part.item for role, part in some.items()})
        whole = joined(list(some.values()))
        found = figures(whole, singles, baseline, value_usd, options.slo_p95_s, has_latency)
        return {**found, "cheapest_adequate": cheapest_adequate(singles)}

    by_role = {}
    for role, part in parts.items():
        singles = single_models(table, {role: part.item})
        best = max(singles, key=lambda m: singles[m][0]) if singles else None
        by_role[role] = {
            **measured({role: part}),
            "best_single": best,
            "best_single_quality": singles[best][0] if best else None,
        }
    ledger = _ledger(traces)
    spent = ledger["total_usd"]
    budget = options.budget_usd
    entry = {
        "seed": seed,
        **measured(parts),
        "budget_overshoot": None if not budget else max(0.0, spent / budget - 1.0),
        "best_single_per_role_quality": _best_per_role(by_role, parts),
        "value_usd": value_usd,
        "ledger_usd": ledger,
        "events": _events(traces, options, steps, value_usd),
    }
    return entry, by_role, steps


def _ledger(traces: dict[str, Trace]) -> dict[str, float]:
    kept = sum(sum(t.kept_usd) for t in traces.values())
    paid = sum(sum(t.paid_usd) for t in traces.values())
    judged = sum(sum(t.judged_usd) for t in traces.values())
    return {"kept": kept, "not_kept": paid - kept, "judged": judged, "total_usd": paid + judged}


def _best_per_role(by_role: dict[str, dict[str, Any]], parts: dict[str, Columns]) -> float | None:
    if any(by_role[role]["best_single_quality"] is None for role in parts):
        return None
    total = sum(len(part.step) for part in parts.values())
    return float(
        sum(by_role[role]["best_single_quality"] * len(parts[role].step) for role in parts) / total
    )


def _events(
    traces: dict[str, Trace], options: ReplayOptions, steps: int, value_usd: float
) -> list[dict[str, Any]]:
    whole = {role: columns(trace, 0) for role, trace in traces.items()}
    events = sorted(options.events, key=lambda event: event.step)
    found = []
    for number, event in enumerate(events):
        until = events[number + 1].step if number + 1 < len(events) else steps
        found.append(
            {
                "kind": event.kind,
                "model": event.model,
                "step": event.step,
                "recovered_after_decisions": {
                    role: recovery(data, event, until, value_usd) for role, data in whole.items()
                },
                "runs_of_model_after": {
                    role: sum(
                        event.model in models
                        for step, models in zip(trace.step, trace.models, strict=True)
                        if event.step <= step < until
                    )
                    for role, trace in traces.items()
                },
            }
        )
    return found


def _mean(entries: list[dict[str, Any]]) -> dict[str, Any]:
    """Mean of every figure over the entries, None if any of them is; texts as in the first."""
    means: dict[str, Any] = {}
    for name, first in entries[0].items():
        values = [entry[name] for entry in entries]
        if isinstance(first, dict):
            means[name] = _mean(values)
        elif any(value is None for value in values):
            means[name] = None
        elif isinstance(first, float):
            means[name] = float(np.mean(values))
        elif isinstance(first, str):
            means[name] = first
    return means
