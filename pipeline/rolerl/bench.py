"""How long a decision and an update take, for every policy in the same run."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from statistics import median

from pipeline.rolerl.arms import Arm
from pipeline.rolerl.policy import Context, Observation, Policy
from pipeline.rolerl.registry import make_policy
from pipeline.rolerl.settings import PolicySettings

ARMS, ROLES, DOMAINS = 12, 6, 4
JUDGED_SHARE = 0.1
SKILL = 0.9
JUDGE_USD = 0.002


@dataclass(frozen=True, slots=True)
class PolicySpeed:
    """One policy's figures: medians in seconds, and how many reward events a second it takes in,

    the decisions that they belong to included.
    """

    policy: str
    decisions: int
    decision_median_s: float
    update_median_s: float
    events_per_s: float


def bench_policy(
    name: str,
    clock_s: Callable[[], float],
    windows: int = 4000,
    progress: Callable[[int], None] = lambda done: None,
) -> PolicySpeed:
    """Time a policy on made-up runs of 12 arms in 6 roles and 4 domains.

    Every window decides each role of its domain, and a tenth of the runs is judged besides those
    the policy asks for. The first half warms up and is not timed. `progress` is told how many
    windows are done. Raises ConfigurationError for an unknown policy or a peer that is missing.
    """
    settings = PolicySettings(seed=1, judge_price_usd=JUDGE_USD)
    arms = [Arm(f"arm-{n}", 0.0001 * 1.6**n) for n in range(ARMS)]
    policy = make_policy(name, arms, settings)
    rng = Random(7)  # noqa: S311 - sampling, not secrets
    decisions: list[float] = []
    updates: list[float] = []
    for window in range(windows):
        taken_s = _play(policy, window, rng, clock_s)
        if 2 * window >= windows:
            decisions += [decision_s for decision_s, _ in taken_s]
            updates += [update_s for _, row in taken_s for update_s in row]
        progress(window + 1)
    return PolicySpeed(
        policy=name,
        decisions=len(decisions),
        decision_median_s=median(decisions),
        update_median_s=median(updates),
        events_per_s=len(updates) / (sum(decisions) + sum(updates)),
    )


def _play(
    policy: Policy, window: int, rng: Random, clock_s: Callable[[], float]
) -> list[tuple[float, list[float]]]:
    """Seconds of each role's decision and of the updates with what came of it."""
    price = {arm.model: arm.price_usd for arm in policy.arms()}
    taken_s: list[tuple[float, list[float]]] = []
    for role in range(ROLES):
        context = Context(f"domain-{window % DOMAINS}", f"role-{role}", str(window))
        start = clock_s()
        decision = policy.decide(context)
        decision_s = clock_s() - start
        updates: list[float] = []
        for run in (decision.first, *decision.beside):
            judged = run.judge or rng.random() < JUDGED_SHARE
            right = rng.random() < SKILL if judged else None
            seen = Observation(
                context=context,
                decision=f"{window}/{role}",
                model=run.model,
                kind="incumbent",
                propensity=decision.propensity,
                outcome="ok",
                cost_usd=price[run.model],
                judge_cost_usd=JUDGE_USD if judged else 0.0,
                latency_s=0.5,
                quality=None if right is None else float(right),
                success=right,
            )
            start = clock_s()
            policy.update(seen)
            updates.append(clock_s() - start)
        taken_s.append((decision_s, updates))
    return taken_s
