"""From what happened in a replay to the figures that are reported."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from pipeline.rolerl.replay.options import PoolEvent
from pipeline.rolerl.replay.table import OutcomeTable
from pipeline.rolerl.replay.trace import Array, Columns

ADEQUATE = 0.99
"""A single model is adequate if its quality is within one per cent of the best single model's."""
TRAILING = 50
TOLERANCE = 0.1


def regrets(data: Columns, value_usd: float) -> Array:
    """Dollars each decision fell short of the oracle, all costs paid."""
    lost = value_usd * (data.oracle_success - data.success)
    return np.asarray(lost + data.paid_usd + data.judged_usd - data.oracle_usd)


def single_models(
    table: OutcomeTable, cells: Mapping[str, Array]
) -> dict[str, tuple[float, float]]:
    """(quality, cost) of each model had it made all decisions; `cells`: item indices by role.

    Models that lack a line for more than one decision in a hundred are left out.
    """
    sums: dict[str, list[float]] = {model: [0.0, 0.0, 0.0] for model in table.models}
    total = 0
    for role, items in cells.items():
        indices, counts = np.unique(items.astype(int), return_counts=True)
        for index, count in zip(indices.tolist(), counts.tolist(), strict=True):
            total += count
            for model, line in dict(table.items[index].roles)[role].items():
                entry = sums[model]
                entry[0] += count
                entry[1] += count * line.quality
                entry[2] += count * line.cost_usd
    return {
        model: (entry[1] / entry[0], entry[2] / entry[0])
        for model, entry in sums.items()
        if entry[0] >= 0.99 * total
    }


def cheapest_adequate(singles: Mapping[str, tuple[float, float]]) -> str | None:
    """The cheapest single model of adequate quality; None if no model did everything."""
    if not singles:
        return None
    best = max(quality for quality, _ in singles.values())
    adequate = [m for m, (quality, _) in singles.items() if quality >= ADEQUATE * best]
    return min(adequate, key=lambda m: singles[m][1])


def figures(
    data: Columns,
    singles: Mapping[str, tuple[float, float]],
    baseline: str,
    value_usd: float,
    slo_p95_s: float | None,
    has_latency: bool,
) -> dict[str, Any]:
    """The figures of some decisions; a saving is None if its baseline did not do all of them."""
    kept, paid = float(data.kept_usd.mean()), float(data.paid_usd.mean())
    all_in = paid + float(data.judged_usd.mean())
    adequate = cheapest_adequate(singles)

    def saved(usd: float, model: str | None) -> float | None:
        if model is None or model not in singles or singles[model][1] <= 0.0:
            return None
        return 1.0 - usd / singles[model][1]

    late = None if slo_p95_s is None else float((data.latency_s > slo_p95_s).mean())
    return {
        "quality_mean": float(data.quality.mean()),
        "success_share": float(data.success.mean()),
        "saved_kept": saved(kept, baseline),
        "saved_paid": saved(paid, baseline),
        "saved_all_in": saved(all_in, baseline),
        "saved_vs_cheapest_adequate": {
            "kept": saved(kept, adequate),
            "paid": saved(paid, adequate),
            "all_in": saved(all_in, adequate),
        },
        "latency_p50_s": float(np.quantile(data.latency_s, 0.5)) if has_latency else None,
        "latency_p95_s": float(np.quantile(data.latency_s, 0.95)) if has_latency else None,
        "runs_per_decision": float(data.runs.mean()),
        "judgments_per_decision": float(data.judgments.mean()),
        "regret_mean": float(regrets(data, value_usd).mean()),
        "slo_violation_share": late,
    }


def recovery(data: Columns, event: PoolEvent, until: int, value_usd: float) -> int | None:
    """Decisions from an event until the policy is as good as it was or as it settles to be.

    That is: until the mean regret of the next 50 is at most a tenth (plus a thousandth of a
    success) above the larger of its mean before and its mean in the second half of the time to the
    next event (`until`). None if that does not happen or too little follows.
    """
    regret = regrets(data, value_usd)
    after = regret[(data.step >= event.step) & (data.step < until)]
    if len(after) < 2 * TRAILING:
        return None
    before = regret[data.step < event.step][-4 * TRAILING :]
    settled = max(
        float(after[len(after) // 2 :].mean()), float(before.mean()) if len(before) else 0.0
    )
    bound = settled + TOLERANCE * abs(settled) + 0.001 * value_usd
    sums = np.concatenate(([0.0], np.cumsum(after)))
    trailing = (sums[TRAILING:] - sums[:-TRAILING]) / TRAILING
    good = np.flatnonzero(trailing <= bound)
    return int(good[0]) if len(good) else None
