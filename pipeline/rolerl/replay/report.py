"""The replay as one call: all seeds, one report, the JSON of the command."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson

from pipeline.errors import ConfigurationError
from pipeline.rolerl.replay.options import ReplayOptions
from pipeline.rolerl.replay.seeds import play_seeds
from pipeline.rolerl.replay.table import read_table

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

    Seeds are played in `options.jobs` processes; a table of 50,000 steps with four roles takes some
    seconds a seed.
    """
    table = read_table(options.outcomes)
    baseline = options.baseline or table.models[-1]
    if baseline not in table.mean_cost_usd:
        raise ConfigurationError(
            f"--baseline {baseline!r}: the table has {', '.join(table.models)}"
        )
    played = play_seeds(table, options, baseline)
    per_seed = [seed.entry for seed in played]
    roles: dict[str, list[dict[str, Any]]] = {}
    for seed in played:
        for role, found in seed.by_role.items():
            roles.setdefault(role, []).append(found)
    return ReplayReport(
        policy=options.policy,
        outcomes=options.outcomes.name,
        seeds=options.seeds,
        steps=played[-1].steps,
        window=options.window,
        baseline=baseline,
        means=_mean(per_seed),
        per_role={role: _mean(found) for role, found in roles.items()},
        per_seed=per_seed,
    )


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
