"""Which arms are drawn for a decision: the plan, less what is excluded or away."""

from collections.abc import Callable
from random import Random
from typing import NamedTuple

from pipeline.decisions.answer_log import AnswerLog
from pipeline.decisions.unassigned import uniform_plan
from pipeline.models.pool import ModelPool
from pipeline.rolerl.draw import draw
from pipeline.rolerl.lot import Lot
from pipeline.rolerl.messages import plan_of
from pipeline.rolerl.policy import Decision, Plan, Share
from pipeline.rolerl.policy import Run as PlannedRun
from schemas.rewards import RoleAssignment
from schemas.role_task import RoleTask
from schemas.roles import Role

_NO_CHOICE = Random(0)  # noqa: S311 - is never asked
_MOST_KEPT = 512


class Plans(NamedTuple):
    """The plan over all arms that may serve a task, and that over those that can now, as a lot."""

    intended: Plan
    lot: Lot


class _Kept(NamedTuple):
    able: tuple[str, ...]
    role_assignment: RoleAssignment | None
    plans: Plans


class PlanBook:
    """The plans of the roles, made once for each role assignment and change of the pool.

    A decision then costs the same however many arms there are.
    """

    def __init__(self, pool: ModelPool) -> None:
        self._pool = pool
        self._kept: dict[tuple[str, Role, tuple[str, ...]], _Kept] = {}

    def plans_for(self, task: RoleTask, role_assignment: RoleAssignment | None) -> Plans | None:
        """The plans for the task; None if no arm may serve it."""
        able = self._pool.names(task.role.value)
        excluded = task.excluded.get(task.role.value, ())
        key = (task.window.domain, task.role, excluded)
        kept = self._kept.get(key)
        if kept is None or kept.able is not able or kept.role_assignment is not role_assignment:
            usable = tuple(name for name in able if name not in excluded)
            if not usable:
                return None
            plan = _assigned_plan(usable, role_assignment)
            kept = _Kept(able, role_assignment, Plans(plan, _lot(plan)))
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            self._kept[key] = kept
        plans = kept.plans
        if self._pool.all_there:
            return plans
        now = available_plan(plans.intended, self._pool.share)
        return plans if now is plans.intended else Plans(plans.intended, _lot(now))


def drawn_for(pool: ModelPool, lot: Lot, task: RoleTask, decision: str, log: AnswerLog) -> Decision:
    """One draw, a function of the decision id; arms that had answered before a crash go first.

    Behind the plan's fallbacks come the arms of its mix that were not drawn, the likeliest first.
    """
    # A generator costs more to seed than a draw: without a choice there is nothing to draw.
    rng = _NO_CHOICE if lot.certain else Random(decision)  # noqa: S311 - no secret
    answered = [
        model
        for model in log.models(task.window.window_id, task.role)
        if model in pool and model not in task.excluded.get(task.role.value, ())
    ]
    if lot.ready and not answered:
        return lot.draw(rng)
    drawn = draw(lot.plan, rng)
    planned = {run.model: run for run in (*drawn.fallbacks, *drawn.beside, drawn.first)}
    before = [planned.get(model, PlannedRun(model, judge=False)) for model in answered]
    later = (*before, drawn.first, *drawn.fallbacks, *_spare(lot.plan))
    if before and not {drawn.first, *drawn.beside} & set(before):
        drawn = Decision(before[0], 1.0)
    taken = {drawn.first.model, *(run.model for run in drawn.beside)}
    in_turn = {run.model: run for run in later if run.model not in taken}
    return drawn._replace(fallbacks=tuple(in_turn.values()))


def _lot(plan: Plan) -> Lot:
    return Lot(plan, _spare(plan))


def _spare(plan: Plan) -> list[PlannedRun]:
    """The arms of the mix, should they not be drawn: the primary, then the likeliest first."""
    undrawn = sorted(plan.mix, key=lambda share: (share.model != plan.primary, -share.probability))
    return [PlannedRun(share.model, judge=False) for share in undrawn]


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
