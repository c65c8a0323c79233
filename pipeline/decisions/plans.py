"""What a worker does without a policy, and when two role assignments mean the same."""

from pipeline.rolerl.policy import Plan, Share
from schemas.rewards import RoleAssignment

UNASSIGNED_POLICY = "unassigned"


def uniform_plan(models: tuple[str, ...]) -> Plan:
    """What a worker does before any policy has spoken: any arm, all of them known to fall back on.

    `models` is not empty, cheapest first.
    """
    share = 1.0 / len(models)
    return Plan(
        primary=models[0],
        mix=tuple(Share(model, share, 0.0) for model in models),
        fallbacks=tuple(Share(model, 1.0, 0.0) for model in models),
        reason="no policy has spoken yet",
    )


def same_plan(left: RoleAssignment, right: RoleAssignment) -> bool:
    """Whether two assignments make workers do the same, to a thousandth of a probability."""
    return _rounded(left) == _rounded(right)


def _rounded(message: RoleAssignment) -> tuple[object, ...]:
    return (
        message.policy,
        message.primary,
        [(s.model, round(s.probability, 3), round(s.judge_rate, 3)) for s in message.mix],
        [(s.model, round(s.judge_rate, 3)) for s in message.fallbacks],
        message.side_by_side,
        message.sweep,
    )
