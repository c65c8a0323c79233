"""`rolestream policy explain`: why a role is played by whom, with the figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from deploy.cli.policy_view import Cluster, Key, RoleView
from pipeline.decisions.learner import Learner
from pipeline.decisions.policy_maker import PolicyMaker
from pipeline.decisions.reasons import ArmFacts, arm_facts, turning_points
from pipeline.models.declared import DeclaredModels
from pipeline.rolerl.policy import Plan
from schemas.policy_control import ControlMode
from schemas.rewards import assignment_key

FIXED = "fixed"


@dataclass(frozen=True)
class Explanation:
    """Why a role is played by whom: the policy's own words, and what stands around them."""

    view: RoleView
    policy: str
    learnt: bool
    words: str
    value_usd: float
    facts: Sequence[ArmFacts]
    would_change: Sequence[str]
    judges: tuple[str, ...]

    @property
    def text(self) -> str:
        """For people."""
        lines = [self.view.line]
        if not self.learnt:
            lines.append(f"The policy {self.policy} has learnt nothing of this role yet.")
        lines.append(self.words)
        if self.facts:
            lines += ["", *_table(self.facts), ""]
        lines.append(
            f"A right answer is worth ${self.value_usd:.3g}. What would change the choice:"
        )
        lines += [f"- {sentence}" for sentence in self.would_change]
        return "\n".join([*lines, *self.judges])

    def as_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            **self.view.as_json(),
            "policy": self.policy,
            "learnt": self.learnt,
            "explanation": self.words,
            "value_usd": self.value_usd,
            "arms": [row.as_json() for row in self.facts],
            "would_change": list(self.would_change),
            "judges": list(self.judges),
        }


def explanation(cluster: Cluster, key: Key, declared: DeclaredModels) -> Explanation:
    """Rebuild the policy from its kept state and have it speak.

    Raises InvalidInputError if the kept state cannot be read, ConfigurationError if no arm is left
    for the role.
    """
    name = assignment_key(*key)
    maker = PolicyMaker(cluster.config, declared)
    learner = Learner(maker)
    state = cluster.state(key)
    learnt = False
    if state is not None:
        learner.restore(state)
        learnt = state.policy == maker.name and bool(state.runs.records(name))
    standings = [
        f"The judge {judge.name} recognises {judge.knows_right:.0%} of right answers and "
        f"{judge.knows_wrong:.0%} of wrong ones; {judge.readable:.0%} of its replies are verdicts."
        for judge in learner.judges(*key)
    ]
    view = RoleView(key, cluster.role_assignments().get(name), cluster.controls().get(name))
    policy_key = (key[0], key[1].value)
    plan = learner.policy.role_assignment(policy_key)
    arms = [arm for arm in learner.policy.arms() if arm.roles is None or key[1].value in arm.roles]
    facts = arm_facts(plan, arms, learner.runs.records(name))
    value_usd = maker.settings().value_of_success(arms)
    return Explanation(
        view,
        maker.name,
        learnt,
        learner.policy.explain(policy_key),
        value_usd,
        facts,
        _would_change(view, maker.name, plan, facts, value_usd),
        tuple(standings),
    )


def _would_change(
    view: RoleView, policy: str, plan: Plan, facts: Sequence[ArmFacts], value_usd: float
) -> list[str]:
    held = view.control
    if held is not None:
        free = "unpin" if held.mode is ControlMode.PINNED else "unfreeze"
        by_hand = [f"It is held by hand: rolestream policy {free} lets the policy decide."]
    else:
        by_hand = []
    if policy.split(":")[0] == FIXED:
        return [*by_hand, "Nothing that is seen: this policy does not learn. Name another one."]
    return [*by_hand, *turning_points(facts, plan.primary, value_usd)]


def _table(facts: Sequence[ArmFacts]) -> list[str]:
    head = (
        f"{'arm':24} {'part':22} {'right (95 % interval)':24} {'known':>6} {'runs':>6} "
        f"{'$ a run':>10} {'p50 s':>7} {'p95 s':>7}"
    )
    return [head, *(_row(row) for row in facts)]


def _row(row: ArmFacts) -> str:
    record = row.record
    low, high = record.interval
    share = record.success
    if share is not None:
        right = f"{share:.1%} ({low:.1%} to {high:.1%})"
    elif row.arm.prior_success is not None:
        right = f"{row.arm.prior_success:.0%} as declared"
    else:
        right = "not known"
    times = (record.latency_p50_s, record.latency_p95_s)
    p50, p95 = ("-" if value is None else f"{value:.2f}" for value in times)
    return (
        f"{row.arm.model:24} {row.part:22} {right:24} {record.known:6.0f} {record.runs:6} "
        f"{row.run_usd:10.3g} {p50:>7} {p95:>7}"
    )
