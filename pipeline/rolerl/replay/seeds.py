"""One seed of a replay, and several of them in processes of their own."""

import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context, parent_process
from threading import Thread
from typing import Any, NamedTuple

from pipeline.rolerl.registry import make_policy
from pipeline.rolerl.replay.figures import cheapest_adequate, figures, recovery, single_models
from pipeline.rolerl.replay.options import ReplayOptions
from pipeline.rolerl.replay.simulate import Simulation
from pipeline.rolerl.replay.table import OutcomeTable, read_table
from pipeline.rolerl.replay.trace import Columns, Trace, joined
from pipeline.rolerl.replay.world import World, judge_price_usd, settings_for


class Played(NamedTuple):
    """The figures of one seed, those of its roles, and how many steps it had."""

    entry: dict[str, Any]
    by_role: dict[str, dict[str, Any]]
    steps: int


def play_seeds(table: OutcomeTable, options: ReplayOptions, baseline: str) -> list[Played]:
    """Every seed, in order; what comes out does not depend on `options.jobs`."""
    seeds = range(options.seeds)
    jobs = min(options.jobs, options.seeds)
    if jobs == 1:
        return [play_seed(table, options, baseline, seed) for seed in seeds]
    shares = [tuple(seeds[job::jobs]) for job in range(jobs)]
    played: dict[int, Played] = {}
    with ProcessPoolExecutor(
        jobs, mp_context=get_context("spawn"), initializer=_end_with_parent
    ) as pool:
        waiting = [pool.submit(_play_share, options, baseline, share) for share in shares]
        for share, result in zip(shares, waiting, strict=True):
            played.update(zip(share, result.result(), strict=True))
    return [played[seed] for seed in seeds]


def _end_with_parent() -> None:
    """A killed replay leaves no process of its own behind."""

    def wait() -> None:
        parent = parent_process()
        if parent is not None:
            parent.join()
            os._exit(1)

    Thread(target=wait, daemon=True).start()


def _play_share(options: ReplayOptions, baseline: str, seeds: tuple[int, ...]) -> list[Played]:
    table = read_table(options.outcomes)
    return [play_seed(table, options, baseline, seed) for seed in seeds]


def play_seed(table: OutcomeTable, options: ReplayOptions, baseline: str, seed: int) -> Played:
    """One seed from beginning to end."""
    settings = settings_for(table, options, seed)
    world = World(table, options)
    value_usd = settings.value_of_success(world.arms.values())
    policy = make_policy(options.policy, world.arms.values(), settings)
    traces = Simulation(policy, world, options, seed).run(judge_price_usd(table, options))
    steps = 1 + max(trace.last_step for trace in traces.values())
    first = 0 if options.window is None else max(0, steps - options.window)
    parts = {role: traces[role].columns(first) for role in table.roles if role in traces}
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
    return Played(entry, by_role, steps)


def _ledger(traces: dict[str, Trace]) -> dict[str, float]:
    whole = [trace.columns() for trace in traces.values()]
    kept = sum(float(part.kept_usd.sum()) for part in whole)
    paid = sum(float(part.paid_usd.sum()) for part in whole)
    judged = sum(float(part.judged_usd.sum()) for part in whole)
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
    whole = {role: trace.columns() for role, trace in traces.items()}
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
                        for step, models in zip(whole[role].step, trace.models, strict=True)
                        if event.step <= step < until
                    )
                    for role, trace in traces.items()
                },
            }
        )
    return found
