"""How long a decision and an update take, for every policy in the same run."""

from collections.abc import Callable, Sequence
from random import Random
from statistics import median
from typing import Any

from pipeline.errors import ConfigurationError
from pipeline.rolerl.arms import Arm
from pipeline.rolerl.policy import Context, Observation, Policy
from pipeline.rolerl.registry import make_policy, policy_names
from pipeline.rolerl.settings import PolicySettings

ARMS, ROLES, DOMAINS = 12, 6, 4
JUDGED_SHARE = 0.1
SKILL = 0.9


def bench_policies(
    clock_s: Callable[[], float], names: Sequence[str] = (), windows: int = 4000
) -> list[dict[str, Any]]:
    """Median seconds of a decision and of an update, and decisions with their updates a second.

    12 arms, 6 roles, 4 domains; every window decides each role of its domain, and a tenth of the
    runs is judged besides those the policy asks for. The first half warms up and is not timed. A
    peer that is not installed is left out.
    """
    results = []
    for name in names or policy_names():
        settings = PolicySettings(seed=1, judge_price_usd=0.002)
        arms = [Arm(f"arm-{n}", 0.0001 * 1.6**n) for n in range(ARMS)]
        try:
            policy = make_policy(name, arms, settings)
        except ConfigurationError:
            continue
        results.append({"policy": name, **_time(policy, clock_s, windows)})
    return results


def _time(policy: Policy, clock_s: Callable[[], float], windows: int) -> dict[str, float]:
    rng = Random(7)  # noqa: S311 - sampling, not secrets
    price = {arm.model: arm.price_usd for arm in policy.arms()}
    decisions: list[float] = []
    updates: list[float] = []
    events = 0
    for window in range(windows):
        domain = f"domain-{window % DOMAINS}"
        for role in range(ROLES):
            context = Context(domain, f"role-{role}", str(window))
            start = clock_s()
            decision = policy.decide(context)
            timed = 2 * window >= windows
            if timed:
                decisions.append(clock_s() - start)
            for run in (decision.first, *decision.beside):
                judged = run.judge or rng.random() < JUDGED_SHARE
                right = rng.random() < SKILL if judged else None
                seen = Observation(
                    context,
                    f"{window}/{role}",
                    run.model,
                    "incumbent",
                    decision.propensity,
                    "ok",
                    price[run.model],
                    0.002 if judged else 0.0,
                    0.5,
                    None if right is None else float(right),
                    right,
                )
                start = clock_s()
                policy.update(seen)
                if timed:
                    updates.append(clock_s() - start)
                    events += 1
    spent = sum(decisions) + sum(updates)
    return {
        "decision_median_s": median(decisions),
        "update_median_s": median(updates),
        "events_per_s": events / spent,
    }
