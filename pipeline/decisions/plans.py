"""What is published for a role: the policy's plan, or what people say instead of it."""

from datetime import datetime

from pipeline.decisions.judge import standing_of
from pipeline.decisions.learner import Learner
from pipeline.rolerl.messages import assignment_of
from pipeline.rolerl.policy import Plan, Share
from schemas.policy_control import ControlMode, PolicyControl
from schemas.rewards import JudgeStanding, RoleAssignment
from schemas.roles import Role

PINNED_POLICY = "pinned"


def next_assignment(
    learner: Learner,
    domain: str,
    role: Role,
    control: PolicyControl | None,
    current: RoleAssignment | None,
    at: datetime,
) -> RoleAssignment | None:
    """What is to be published for the role now; None if what is published may stay.

    Raises ConfigurationError if no arm is left for the role.
    """
    if control is not None and control.mode is ControlMode.FROZEN and current is not None:
        return None
    proposed = _proposed(learner, domain, role, control, at)
    if current is not None and same_plan(current, proposed):
        return None
    version = 1 if current is None else current.version + 1
    return proposed.model_copy(update={"version": version})


def _proposed(
    learner: Learner, domain: str, role: Role, control: PolicyControl | None, at: datetime
) -> RoleAssignment:
    if control is not None and control.role_assignment is not None:
        older = control.role_assignment
        reason = f"rolled back to version {older.version}: {older.reason}"
        return older.model_copy(update={"reason": reason, "at": at})
    key = (domain, role.value)
    plan, policy = learner.policy.role_assignment(key), learner.policy.name
    if control is not None and control.model is not None:
        plan, policy = _pinned(plan, control.model), PINNED_POLICY
    standings = tuple(standing_of(judge) for judge in learner.judges(domain, role))
    return assignment_of(plan, key, policy, 0, at).model_copy(update={"judges": standings})


def _pinned(plan: Plan, model: str) -> Plan:
    """The one arm; the others only step in where it gives no acceptable answer."""
    others = {share.model: share for share in (*plan.mix, *plan.fallbacks) if share.model != model}
    return Plan(
        primary=model,
        mix=(Share(model, 1.0, min(1.0, plan.judge_rate)),),
        fallbacks=tuple(share._replace(probability=1.0) for share in others.values()),
        reason=f"{model} is pinned by hand",
    )


def same_plan(left: RoleAssignment, right: RoleAssignment) -> bool:
    """Whether two assignments make workers do the same: probabilities to a thousandth, trust in

    judges to a twentieth.
    """
    return _rounded(left) == _rounded(right)


def _rounded(message: RoleAssignment) -> tuple[object, ...]:
    return (
        message.policy,
        message.primary,
        [(s.model, round(s.probability, 3), round(s.judge_rate, 3)) for s in message.mix],
        [(s.model, round(s.judge_rate, 3)) for s in message.fallbacks],
        message.side_by_side,
        message.sweep,
        [(j.judge, *_coarse(j)) for j in message.judges],
    )


def _coarse(standing: JudgeStanding) -> tuple[float, ...]:
    shares = (standing.knows_right, standing.knows_wrong, standing.readable)
    return tuple(round(20 * share) / 20 for share in shares)
