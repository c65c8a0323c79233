"""What a worker does before any policy has spoken."""

from pipeline.rolerl.policy import Plan, Share

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
