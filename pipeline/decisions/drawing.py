"""Which arms are drawn for a decision: the plan, less what is excluded or away."""

from collections.abc import Callable
from random import Random
from typing import NamedTuple

from pipeline.decisions.answer_log import AnswerLog
from pipeline.decisions.unassigned import uniform_plan
from pipeline.models.pool import ModelPool
from pipeline.rolerl.draw import draw, is_certain
from pipeline.rolerl.messages import plan_of
from pipeline.rolerl.policy import Decision, Plan, Share
from pipeline.rolerl.policy import Run as PlannedRun
from schemas.rewards import RoleAssignment
from schemas.role_task import RoleTask

_NO_CHOICE = Random(0)  # noqa: S311 - is never asked


class Plans(NamedTuple):
    """The plan over all arms that may serve a task, and over those that can at the moment."""

    intended: Plan
    now: Plan


def plans_for(
    pool: ModelPool, task: RoleTask, role_assignment: RoleAssignment | None
) -> Plans | None:
    """The plans for the task; None if no arm may serve it."""
    able = pool.names(task.role.value)
    excluded = task.excluded.get(task.role.value, ())
    usable = tuple(name for name in able if name not in excluded)
    if not usable:
        return None
    intended = _assigned_plan(usable, role_assignment)
    return Plans(intended, available_plan(intended, pool.share))


def drawn_for(
    pool: ModelPool, plan: Plan, task: RoleTask, decision: str, log: AnswerLog
) -> Decision:
    """One draw, a function of the decision id; arms that had answered before a crash go first.

    Behind the plan's fallbacks come the arms of its mix that were not drawn, the likeliest first.
    """
    # A generator costs more to seed than a draw: without a choice there is nothing to draw.
    rng = _NO_CHOICE if is_certain(plan) else Random(decision)  # noqa: S311 - no secret
    drawn = draw(plan, rng)
    planned = {run.model: run for run in (*drawn.fallbacks, *drawn.beside, drawn.first)}
    before = [
        planned.get(m, PlannedRun(m, judge=False))
        for m in log.models(task.window.window_id, task.role)
        if m in pool and m not in task.excluded.get(task.role.value, ())
    ]
    undrawn = sorted(plan.mix, key=lambda share: (share.model != plan.primary, -share.probability))
    spare = [PlannedRun(share.model, judge=False) for share in undrawn]
    later = (*before, drawn.first, *drawn.fallbacks, *spare)
    if before and not {drawn.first, *drawn.beside} & set(before):
        drawn = Decision(before[0], 1.0)
    taken = {drawn.first.model, *(run.model for run in drawn.beside)}
    in_turn = {run.model: run for run in later if run.model not in taken}
    return drawn._replace(fallbacks=tuple(in_turn.values()))


def available_plan(plan: Plan, share_of: Callable[[str], float]) -> Plan:
    """The plan with each arm's probability cut to the share of traffic that it can take now.

    What is cut goes to the arms of the mix that can take all of theirs, in proportion; else to the
    first fallback that can; else to those that are left. If all are away the plan stays as it is.
    """
    if all(share_of(s.model) >= 1.0 for s in plan.mix):
        return plan
    weights = {s.model: s.probability * share_of(s.model) for s in plan.mix}
    cut = sum(s.probability for s in plan.mix) - sum(weights.values())
    if cut <= 0.0 and all(share_of(s.model) > 0.0 for s in plan.mix):
        return plan
    whole = [s for s in plan.mix if s.probability > 0.0 and share_of(s.model) >= 1.0]
    backed = [s for s in plan.fallbacks if s.model not in weights and share_of(s.model) >= 1.0]
    shares = [s for s in plan.mix if share_of(s.model) > 0.0]
    if whole:
        room = sum(s.probability for s in whole)
        for share in whole:
            weights[share.model] += cut * share.probability / room
    elif backed:
        weights[backed[0].model] = cut
        shares.append(backed[0])
    total = sum(weights[s.model] for s in shares)
    if total <= 0.0:
        return plan
    mix = tuple(s._replace(probability=weights[s.model] / total) for s in shares)
    likely = max(mix, key=lambda s: s.probability).model
    names = {s.model for s in mix}
    return plan._replace(primary=plan.primary if plan.primary in names else likely, mix=mix)


def _assigned_plan(usable: tuple[str, ...], role_assignment: RoleAssignment | None) -> Plan:
    if role_assignment is None:
        return uniform_plan(usable)
    plan, able = plan_of(role_assignment), frozenset(usable)
    mix = tuple(share for share in plan.mix if share.model in able)
    fallbacks = tuple(share for share in plan.fallbacks if share.model in able)
    if not mix:
        if not fallbacks:
            return uniform_plan(usable)
        mix, fallbacks = fallbacks[:1], fallbacks[1:]
    total = sum(share.probability for share in mix)
    primary = plan.primary if plan.primary in able else mix[0].model
    return plan._replace(primary=primary, mix=_normalised(mix, total), fallbacks=fallbacks)


def _normalised(mix: tuple[Share, ...], total: float) -> tuple[Share, ...]:
    return tuple(
        s._replace(probability=s.probability / total if total else 1.0 / len(mix)) for s in mix
    )
