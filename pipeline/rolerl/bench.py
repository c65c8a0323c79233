"""How long a decision and an update take, for every policy in the same run."""

import gc
from collections.abc import Callable, Sequence
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
LOG_LIMIT_S = 10.0
PUBLISH_EVERY = 5_000
"""The policy agent publishes a few times a second, which is rarer than this at the rates here."""


@dataclass(frozen=True, slots=True)
class PolicySpeed:
    """One policy's figures: medians in seconds, and reward events a second.

    `events_per_s` is the rate at which a log of reward events, five times as long as what was
    played, is taken in as the policy agent does it: role assignments of all keys are made anew
    after every PUBLISH_EVERY events. JUDGED_SHARE of the events carry a verdict. What is slower
    than that gets through as much of the log as LOG_LIMIT_S allows. Python's collector goes over
    the log once before the clock starts: the agent holds none.
    `closed_loop_events_per_s` counts a decision before the events it leads to.
    """

    policy: str
    decisions: int
    decision_median_s: float
    update_median_s: float
    events_per_s: float
    closed_loop_events_per_s: float


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
    policy = _policy(name)
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
        events_per_s=_events_per_s(_policy(name), _log(5 * windows, rng), clock_s),
        closed_loop_events_per_s=len(updates) / (sum(decisions) + sum(updates)),
    )


def _policy(name: str) -> Policy:
    arms = [Arm(f"arm-{n}", 0.0001 * 1.6**n) for n in range(ARMS)]
    return make_policy(name, arms, PolicySettings(seed=1, judge_price_usd=JUDGE_USD))


def _events_per_s(
    policy: Policy, log: Sequence[Observation], clock_s: Callable[[], float]
) -> float:
    keys = sorted({seen.context.key for seen in log})
    gc.collect()
    start = clock_s()
    for first in range(0, len(log), PUBLISH_EVERY):
        for seen in log[first : first + PUBLISH_EVERY]:
            policy.update(seen)
        for key in keys:
            policy.role_assignment(key)
        taken_s = clock_s() - start
        if taken_s > LOG_LIMIT_S:
            break
    return min(first + PUBLISH_EVERY, len(log)) / taken_s


def _log(windows: int, rng: Random) -> list[Observation]:
    arms = _policy("fixed").arms()
    seen = []
    for window in range(windows):
        for role in range(ROLES):
            context = Context(f"domain-{window % DOMAINS}", f"role-{role}", str(window))
            arm = rng.choice(arms)
            judged = rng.random() < JUDGED_SHARE
            right = rng.random() < SKILL if judged else None
            seen.append(_observed(context, arm.model, 1.0 / ARMS, arm.price_usd, right))
    return seen


def _observed(
    context: Context, model: str, propensity: float, cost_usd: float, right: bool | None
) -> Observation:
    return Observation(
        context=context,
        decision=f"{context.window}/{context.role}",
        model=model,
        kind="incumbent",
        propensity=propensity,
        outcome="ok",
        cost_usd=cost_usd,
        judge_cost_usd=0.0 if right is None else JUDGE_USD,
        latency_s=0.5,
        quality=None if right is None else float(right),
        success=right,
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
            seen = _observed(context, run.model, decision.propensity, price[run.model], right)
            start = clock_s()
            policy.update(seen)
            updates.append(clock_s() - start)
        taken_s.append((decision_s, updates))
    return taken_s
