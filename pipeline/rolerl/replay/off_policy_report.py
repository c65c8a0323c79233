"""Estimates another policy on a log: the policy decides and learns along it, and is reckoned up."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from pipeline.errors import InvalidInputError
from pipeline.rolerl.arms import Arm
from pipeline.rolerl.policy import Observation, Policy
from pipeline.rolerl.registry import make_policy
from pipeline.rolerl.replay.off_policy import (
    Estimate,
    Overlap,
    Target,
    doubly_robust,
    inverse_propensity,
    logged_value,
    overlap,
    self_normalised,
)
from pipeline.rolerl.replay.reward_log import (
    DRAWN_KINDS,
    DecisionRecord,
    Logged,
    LoggedRun,
    merge,
    merged,
    refuse_without_propensities,
)
from pipeline.rolerl.settings import PolicySettings

LEAST_EFFECTIVE = 50.0
MOST_UNCOVERED = 0.02
LARGEST_GAP = 0.1
"""How far the mean weight may be from one, beyond three standard errors."""
PROGRESS_EVERY = 200
MEASURES = ("reward", "quality", "utility_usd", "cost_usd")
"""`reward`: as the log has it; `quality` 0..1; `utility_usd`: quality at the value of a success,
less the run's cost; `cost_usd`: of the run. Judgments are in none."""

Measure = Callable[[Observation], float | None]


@dataclass(frozen=True, slots=True)
class Measured:
    """One measure: what the log's policy got, and three estimates of the other's."""

    logged: Estimate
    inverse_propensity: Estimate
    self_normalised: Estimate
    doubly_robust: Estimate


@dataclass(frozen=True, slots=True)
class OffPolicyReport:
    """What the log says of a policy's first choices; `warning` is one line, or None.

    `escalating`: share of decisions in which it would have the first answer judged and run another
    arm after a bad verdict, which the estimates know nothing of.
    """

    policy: str
    logged_policies: tuple[str, ...]
    runs: int
    decisions: int
    value_usd: float
    escalating: float
    overlap: Overlap
    measures: dict[str, Measured]
    warning: str | None

    def as_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "policy": self.policy,
            "logged_policies": list(self.logged_policies),
            "runs": self.runs,
            "decisions": self.decisions,
            "decisions_known": self.overlap.decisions,
            "effective_sample_size": self.overlap.effective,
            "mean_weight": self.overlap.mean_weight,
            "uncovered": self.overlap.uncovered,
            "value_usd": self.value_usd,
            "escalating": self.escalating,
            "estimates": {name: asdict(found) for name, found in self.measures.items()},
            "warning": self.warning,
        }


def arms_of(observations: Iterable[Observation]) -> tuple[Arm, ...]:
    """The arms of a log at the mean price of a run of theirs, with the roles they were seen in."""
    costs: dict[str, list[float]] = {}
    roles: dict[str, set[str]] = {}
    for seen in observations:
        if not seen.late:
            costs.setdefault(seen.model, []).append(seen.cost_usd)
            roles.setdefault(seen.model, set()).add(seen.context.role)
    return tuple(
        Arm(model, sum(paid) / len(paid), roles=frozenset(roles[model]))
        for model, paid in sorted(costs.items())
    )


def judgment_price_usd(observations: Iterable[Observation]) -> float | None:
    """Mean price of a judged run's judgments, None if nothing was judged."""
    paid = [seen.judge_cost_usd for seen in observations if seen.judge_cost_usd > 0.0]
    return sum(paid) / len(paid) if paid else None


def estimate(
    observations: Sequence[Observation],
    policy_name: str,
    arms: Iterable[Arm],
    settings: PolicySettings,
    logged_policies: Sequence[str] = (),
    progress: Callable[[int], None] = lambda done: None,
) -> OffPolicyReport:
    """Estimate `policy_name` on a log, in its order.

    In each decision counts which arm the policy would have drawn with what it had learnt of the
    log until then; what it would run besides or after a failure is not in the estimate, nor is it
    in what is told of the log's own policy. `progress` is told how many observations are done.
    Raises InvalidInputError for a log that is empty or without propensities.
    """
    records = merged(_informative(observations))
    if not records:
        raise InvalidInputError("the log has no decisions: no reward event that is not late news")
    refuse_without_propensities(records)
    policy = make_policy(policy_name, arms, settings)
    value_usd = settings.value_of_success(policy.arms())
    choices = _choices(policy, _informative(observations), progress)
    drawn = [(r, c) for r, c in zip(records, choices, strict=True) if r.drawn()]
    if not drawn:
        raise InvalidInputError("the log has no decisions: its runs are fallbacks only")
    aims = [choice.target for _, choice in drawn]
    logs = {
        name: [_logged(record, measure) for record, _ in drawn]
        for name, measure in _measures(value_usd).items()
    }
    rated = any(run.reward is not None for item in logs["quality"] for run in item.runs)
    told = overlap(logs["quality" if rated else "reward"], aims)
    return OffPolicyReport(
        policy=policy_name,
        logged_policies=tuple(logged_policies),
        runs=sum(len(record.runs) for record in records),
        decisions=len(drawn),
        value_usd=value_usd,
        escalating=sum(choice.escalates for _, choice in drawn) / len(drawn),
        overlap=told,
        measures={
            name: Measured(
                logged_value(log),
                inverse_propensity(log, aims),
                self_normalised(log, aims),
                doubly_robust(log, aims),
            )
            for name, log in logs.items()
        },
        warning=_warning(told),
    )


def _informative(observations: Sequence[Observation]) -> list[Observation]:
    """Where people or judges have spoken, having passed the free checks is no knowledge."""
    spoken = any(seen.source not in (None, "checks") for seen in observations)
    if not spoken:
        return list(observations)
    return [
        seen._replace(quality=None, source=None, reward=None)
        if seen.source == "checks" and seen.valid and not seen.late
        else seen
        for seen in observations
    ]


class _Choice(NamedTuple):
    target: Target
    escalates: bool


def _choices(
    policy: Policy, observations: Sequence[Observation], progress: Callable[[int], None]
) -> list[_Choice]:
    records: dict[str, DecisionRecord] = {}
    choices: list[_Choice] = []
    for done, seen in enumerate(observations, start=1):
        if merge(records, seen):
            choices.append(_choice(policy, seen))
        policy.update(seen._replace(reward=None))
        if done % PROGRESS_EVERY == 0:
            progress(done)
    return choices


def _choice(policy: Policy, seen: Observation) -> _Choice:
    decision = policy.decide(seen.context)
    escalates = decision.first.judge and bool(decision.fallbacks)
    if decision.propensity >= 1.0 and not decision.beside:
        return _Choice({decision.first.model: 1.0}, escalates)
    plan = policy.role_assignment(seen.context.key)
    return _Choice({share.model: share.probability for share in plan.mix}, escalates)


def _measures(value_usd: float) -> dict[str, Measure]:
    def quality(seen: Observation) -> float | None:
        return seen.quality if seen.valid else 0.0

    def utility(seen: Observation) -> float | None:
        known = quality(seen)
        return None if known is None else value_usd * known - seen.cost_usd

    found: dict[str, Measure] = {
        "reward": lambda seen: seen.reward,
        "quality": quality,
        "utility_usd": utility,
        "cost_usd": lambda seen: seen.cost_usd,
    }
    return {name: found[name] for name in MEASURES}


def _logged(record: DecisionRecord, measure: Measure) -> Logged:
    runs = tuple(
        LoggedRun(run.model, run.propensity, measure(run), sure=not run.valid)
        for run in record.drawn()
        if run.kind in DRAWN_KINDS
    )
    return Logged(record.key, runs)


def _warning(told: Overlap) -> str | None:
    gap = abs(told.mean_weight - 1.0)
    reasons = []
    if told.effective < LEAST_EFFECTIVE:
        reasons.append(
            f"{told.decisions} decisions whose result is known count like {told.effective:.0f}"
        )
    if told.uncovered > MOST_UNCOVERED:
        reasons.append(
            f"{told.uncovered:.0%} of the policy's choices are arms of which the log knows nothing"
        )
    if gap > max(LARGEST_GAP, 3.0 * told.mean_weight_error):
        reasons.append(
            f"the weights average {told.mean_weight:.2f} instead of 1, as the log's policy gave "
            "no chance to part of what this one does"
        )
    return f"too little overlap: {'; '.join(reasons)}" if reasons else None
