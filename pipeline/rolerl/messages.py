"""Between the flow's messages and the policy's own types."""

from datetime import datetime

from pipeline.rolerl.policy import Context, Key, Observation, Plan, Share
from schemas.rewards import ArmShare, RewardEvent, RoleAssignment
from schemas.roles import Role


def observation_of(event: RewardEvent) -> Observation:
    """What a reward event tells a policy; whether it was a success is left to the policy."""
    context = Context(
        domain=event.domain,
        role=event.role.value,
        window=event.window_id,
        lang=event.context.lang,
        size=event.context.sentences,
    )
    return Observation(
        context=context,
        decision=event.decision_id,
        model=event.model,
        kind=event.kind.value,
        propensity=event.propensity,
        outcome=event.outcome.value,
        cost_usd=0.0 if event.late else event.cost_usd,
        judge_cost_usd=event.judge_cost_usd,
        latency_s=None if event.late else event.latency_s,
        quality=event.quality,
        success=None,
        source=None if event.quality_source is None else event.quality_source.value,
        reward=None,
        kept=event.kept,
        late=event.late,
    )


def assignment_of(plan: Plan, key: Key, policy: str, version: int, at: datetime) -> RoleAssignment:
    """The plan as it is published."""
    return RoleAssignment(
        domain=key[0],
        role=Role(key[1]),
        version=version,
        policy=policy,
        primary=plan.primary,
        mix=tuple(_published(share) for share in plan.mix),
        fallbacks=tuple(_published(share) for share in plan.fallbacks),
        judge_rate=min(1.0, plan.judge_rate),
        side_by_side=plan.side_by_side,
        sweep=plan.sweep,
        reason=plan.reason,
        at=at,
    )


def plan_of(assignment: RoleAssignment) -> Plan:
    """The plan that workers draw from, read back from its published form."""
    return Plan(
        primary=assignment.primary,
        mix=tuple(_share(arm) for arm in assignment.mix),
        fallbacks=tuple(_share(arm) for arm in assignment.fallbacks),
        side_by_side=assignment.side_by_side,
        sweep=assignment.sweep,
        reason=assignment.reason,
    )


def _published(share: Share) -> ArmShare:
    return ArmShare(model=share.model, probability=share.probability, judge_rate=share.judge_rate)


def _share(arm: ArmShare) -> Share:
    return Share(arm.model, arm.probability, arm.judge_rate)
