"""Rolestream's own policy: learns hidden kinds of text, and asks only what is worth its price."""

from collections.abc import Iterable
from math import frexp
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.rolerl.arms import Arm
from pipeline.rolerl.domain_model import CHECKUP_LATEST, DomainModel
from pipeline.rolerl.draw import draw, is_certain
from pipeline.rolerl.exploration import choose_trials
from pipeline.rolerl.information import adoption_value, waiting_time
from pipeline.rolerl.ladder import Array, Market, Rung, build_ladder, dominated, stop_values
from pipeline.rolerl.pacing import Pacer
from pipeline.rolerl.policies.base import BasePolicy
from pipeline.rolerl.policy import Context, Decision, Key, Observation, Plan, Run, Share
from pipeline.rolerl.settings import PolicySettings

MOST_CACHED = 1000
GRADED_FROM = 0.0005
FIRST_VISITS = 20.0
MOST_VISITS = 3000.0
"""What came n times is expected to come n + 20 times more, at most 3000."""
FIRST_TRIALS, MOST_TRIALS = 100.0, 300.0
"""Without a judge: decisions of a role expected to come while what a trial has shown holds."""
TRIAL_SHARE = 0.5
"""Share of decisions with a trial while one pays: the other half keeps the incumbent's record."""
NEVER_USD = 1e12
AGES = (1, 2, 4, 8, 16, 32, 64)

Ready = tuple[Plan, Decision | None]


class DefaultPolicy(BasePolicy):
    """For each decision the ladder of arms with the least expected loss.

    The loss counts wrong answers at the value of a success, runs, and judgments. Success depends on
    a hidden regime of the text that all roles of a domain share; the belief about it follows from
    judgments, feedback and checks, and fades as the text may have changed. An answer is judged if
    what that decides (this decision, the rest of the window, the windows to come, whether a cheaper
    arm can be adopted) is worth more than it costs. Without a judge it explores where the knowledge
    gradient pays, in place of the incumbent or beside it, whichever costs less.
    """

    name = "default"

    def __init__(self, arms: Iterable[Arm], settings: PolicySettings) -> None:
        super().__init__(arms, settings)
        self._domains: dict[str, DomainModel] = {}
        self._value_usd = settings.value_of_success(self.pool)
        self._pacer = Pacer(settings.budget_usd, settings.budget_decisions)

    def set_arm(self, arm: Arm) -> None:
        """Add or change an arm; a new price moves what it is known to cost in proportion."""
        before = self.pool.get(arm.model).price_usd if arm.model in self.pool else 0.0
        super().set_arm(arm)
        if before > 0.0 and arm.price_usd != before:
            for model in self._domains.values():
                model.reprice(arm.model, arm.price_usd / before)

    def _arms_changed(self) -> None:
        self._value_usd = self.settings.value_of_success(self.pool)
        for model in self._domains.values():
            model.set_arms(self.pool)

    def _domain(self, name: str) -> DomainModel:
        model = self._domains.get(name)
        if model is None:
            model = self._domains[name] = DomainModel(self.pool, self.settings.slo_p95_s)
        return model

    def decide(self, context: Context) -> Decision:
        """The ladder for this window's belief; draws only where it explores."""
        model = self._domains.get(context.domain) or self._domain(context.domain)
        if model.window != context.window:
            model.begin(context.window)
        role = model.roles.get(context.role)
        if role is None:
            role = model.role(context.role)
        ready = model.ready.get(role) or self._ready(model, context.role, role)
        model.decided(role)
        decision = ready[1] or draw(ready[0], self.rng)
        if self._pacer.active:
            decision = self._paced(model, context.role, decision)
        return decision

    def _ready(self, model: DomainModel, role_name: str, role: int) -> Ready:
        belief = model.regimes.belief
        cached = (tuple([_grade(b) for b in belief]), model.checkup)
        plans = model.plans[role]
        ready = plans.get(cached)
        if ready is None:
            if len(plans) >= MOST_CACHED:
                plans.clear()
            plan = self._plan_for(model, role_name, np.array(belief))
            ready = (plan, draw(plan, self.rng) if is_certain(plan) else None)
            plans[cached] = ready
        model.ready[role] = ready
        return ready

    def _plan_for(self, model: DomainModel, role_name: str, weights: Array) -> Plan:
        role = model.roles[role_name]
        arms = model.playing(role_name)
        chances = model.chances(role, arms)
        price = self._pacer.factor
        costs = np.array([model.costs[role][a] for a in arms]) * price
        judge = self.settings.judge_price_usd
        if judge is None:
            return self._plan_without_judge(model, role, arms, costs)
        judge *= price
        bonus, adopted = self._bonus(model, role, arms, weights, chances, costs, judge)
        market = Market(chances, costs, self._value_usd, judge, bonus)
        kept = np.flatnonzero(~dominated(chances, costs) | adopted)
        narrow = Market(chances[:, kept], costs[kept], self._value_usd, judge, bonus[kept])
        rungs = tuple(Rung(int(kept[r.arm]), r.judge) for r in build_ladder(weights, narrow))
        if model.checkup:
            rungs = self._with_checkup(rungs, costs, judge)
        models = [model.names[a] for a in arms]
        first = rungs[0]
        rest = [Share(models[r.arm], 1.0, float(r.judge)) for r in rungs[1:]]
        if not rungs[-1].judge:
            used = {models[r.arm] for r in rungs}
            order = np.argsort(-stop_values(weights, market), kind="stable")
            rest += [Share(models[i], 1.0, 0.0) for i in order if models[i] not in used]
        name = models[first.arm]
        right = float(weights @ chances[:, first.arm])
        return Plan(
            primary=name,
            mix=(Share(name, 1.0, float(first.judge)),),
            fallbacks=tuple(rest),
            reason=f"{name} is right with {right:.1%} at ${costs[first.arm] / price:.6f} a run"
            + ("; judged, as that is worth more than it costs" if first.judge else ""),
        )

    def _bonus(
        self,
        model: DomainModel,
        role: int,
        arms: list[int],
        weights: Array,
        chances: Array,
        costs: Array,
        judge: float,
    ) -> tuple[Array, NDArray[np.bool_]]:
        """What a judged run of each arm is worth beyond its own decision, dollars, shape (A,);

        and which arms may yet be adopted in the likeliest regime.
        """
        regimes = model.regimes
        known = len(weights) - 1
        bonus = np.zeros(len(arms))
        if known == 0:
            return bonus, np.ones(len(arms), dtype=bool)
        if model.moved is None:
            model.moved = np.array([regimes.ahead(row) for row in np.eye(known + 1).tolist()])
            model.worth = self._worth_of_all(model)
        moved = model.moved
        worth, mass_costs = model.worth
        later = np.array(
            [
                max(0.0, model.presence[role] + model.presence[r] - 1.0)
                if r in model.undecided
                else 0.0
                for r in range(len(model.roles))
            ]
        )
        later[role] = 0.0
        right = weights * chances.T
        wrong = weights - right
        now = _gain(right, wrong, weights, worth, mass_costs, later)
        always = np.array(model.presence)
        next_gain = _gain(right @ moved, wrong @ moved, weights @ moved, worth, mass_costs, always)
        flips = np.minimum(right.sum(axis=1), wrong.sum(axis=1))
        rate = regimes.hazard.rate
        for i in range(len(arms)):
            gain = float(next_gain[i])
            if gain > 0.0 and flips[i] > 1e-9:
                gain *= waiting_time(judge, rate, gain / float(flips[i]))
            bonus[i] = max(float(now[i]), 0.0) + max(gain, 0.0)
        top = int(weights[:known].argmax())
        own = regimes.own_weight
        pooled = regimes.expected_chance[role, arms]
        adoption = adoption_value(
            regimes.right[top][role, arms] + own * pooled,
            regimes.wrong[top][role, arms] + own * (1.0 - pooled),
            costs,
            self._value_usd,
            costs + judge,
            min(regimes.visits[top] * model.presence[role] + FIRST_VISITS, MOST_VISITS),
        )
        return bonus + weights[top] * adoption, adoption > 0.0

    @staticmethod
    def _with_checkup(rungs: tuple[Rung, ...], costs: Array, judge: float) -> tuple[Rung, ...]:
        """First the cheapest arm, judged, if what it could save until the next check-up pays."""
        cheapest = int(costs.argmin())
        saving = float(costs[rungs[0].arm] - costs[cheapest])
        if saving * CHECKUP_LATEST <= judge + costs[cheapest]:
            return rungs
        rest = tuple(rung for rung in rungs if rung.arm != cheapest)
        return (Rung(cheapest, True), *rest)

    def _worth_of_all(self, model: DomainModel) -> tuple[Array, Array]:
        """Value of success by (regime, role, arm) and cost by (role, arm), absurd if it cannot."""
        roles = len(model.roles)
        costs = np.full((roles, len(model.names)), NEVER_USD)
        chances = np.zeros_like(model.regimes.chances)
        for name, role in model.roles.items():
            arms = model.playing(name)
            costs[role, arms] = [model.costs[role][a] * self._pacer.factor for a in arms]
            chances[:, role, arms] = model.chances(role, arms)
        return self._value_usd * chances, costs

    def _plan_without_judge(
        self,
        model: DomainModel,
        role: int,
        arms: list[int],
        costs: Array,
    ) -> Plan:
        regimes = model.regimes
        valid = np.array([model.valid[role][a] for a in arms])
        means = regimes.overall[role, arms] * valid
        counts = regimes.outcome_counts()[role, arms]
        share = model.known / model.seen if model.seen else 0.0
        visits = min(model.decisions[role] + FIRST_TRIALS, MOST_TRIALS)
        trials = choose_trials(means, counts, costs, self._value_usd, share, visits)
        models = [model.names[a] for a in arms]
        order = np.argsort(-(self._value_usd * means - costs), kind="stable")
        name = models[trials.incumbent]
        mix: tuple[Share, ...] = (Share(name, 1.0, 0.0),)
        reason = (
            f"{name} is right with {means[trials.incumbent]:.1%} "
            f"at ${costs[trials.incumbent]:.6f} a run"
        )
        if trials.beside:
            tried = [models[i] for i in trials.beside]
            even = 1.0 / (1.0 + len(tried))
            mix = tuple(Share(m, even, 0.0) for m in (name, *tried))
            reason += f"; tried beside it: {', '.join(tried)}"
        elif trials.instead is not None:
            other = models[trials.instead]
            mix = (Share(name, 1.0 - TRIAL_SHARE, 0.0), Share(other, TRIAL_SHARE, 0.0))
            reason += f"; tried in its place: {other}"
        return Plan(
            primary=name,
            mix=mix,
            fallbacks=tuple(Share(models[i], 1.0, 0.0) for i in order if models[i] != name),
            sweep=bool(trials.beside),
            reason=reason,
        )

    def _paced(self, model: DomainModel, role_name: str, decision: Decision) -> Decision:
        role = model.roles[role_name]
        costs = model.costs[role]
        judge = self.settings.judge_price_usd or 0.0
        runs = (decision.first, *decision.beside)
        usd = sum(costs[model.arms[run.model]] + judge * run.judge for run in runs)
        usd += sum(
            costs[model.arms[run.model]] + judge * run.judge
            for run in decision.fallbacks
            if decision.first.judge
        )
        cheapest = sum(min(row) for row in model.costs) / len(model.costs)
        if self._pacer.decided():
            model.forget_plans()
        if self._pacer.affords(usd, cheapest):
            return decision
        arm = min(model.playing(role_name), key=costs.__getitem__)
        return Decision(Run(model.names[arm], False), 1.0)

    def update(self, observation: Observation) -> None:
        """Free facts of every run at once; a known outcome moves the belief about the text too."""
        context = observation.context
        model = self._domains.get(context.domain) or self._domain(context.domain)
        arm = model.arms.get(observation.model)
        if arm is None:
            return
        role = model.roles.get(context.role)
        if role is None:
            role = model.role(context.role)
        if not observation.late:
            model.ran(role, arm, observation.cost_usd, observation.valid, observation.latency_s)
            model.seen = 0.999 * model.seen + 1.0
            model.known *= 0.999
            if self._pacer.active:
                self._pacer.spend(observation.cost_usd + observation.judge_cost_usd)
        if not observation.valid:
            return
        right = self.succeeded(observation)
        if right is None:
            return
        model.known += 1.0
        if context.window == model.window:
            model.regimes.see(role, arm, right)
            model.ready.clear()
        else:
            model.regimes.see_late(role, arm, right)
            model.note()
        self._version += 1

    def _plan(self, key: Key) -> Plan:
        model = self._domain(key[0])
        model.role(key[1])
        belief = model.regimes.belief
        return self._plan_for(model, key[1], np.array(model.regimes.ahead(belief)))

    def role_assignment(self, key: Key) -> Plan:
        """The plan for windows to come, made from what is known now."""
        return self._plan(key)

    def explain(self, key: Key) -> str:
        """Why this arm has this role, with the numbers."""
        return self.role_assignment(key).reason

    def _state(self) -> dict[str, Any]:
        return {
            "domains": {name: model.state() for name, model in self._domains.items()},
            "pacer": self._pacer.state(),
        }

    def _restore(self, state: dict[str, Any]) -> None:
        self._value_usd = self.settings.value_of_success(self.pool)
        self._pacer.restore(state["pacer"])
        self._domains = {}
        for name, learnt in state["domains"].items():
            model = self._domain(name)
            model.restore(learnt)


def _grade(chance: float) -> int:
    """Grades of a chance in steps of the root of two towards 0 and 1; plans differ by grade."""
    if chance < 0.5:
        return frexp(chance * chance)[1] if chance > GRADED_FROM else -99
    rest = 1.0 - chance
    return 1 - frexp(rest * rest)[1] if rest > GRADED_FROM else 99


def _gain(
    right: Array, wrong: Array, before: Array, worth: Array, costs: Array, roles: Array
) -> Array:
    """Expected gain (A,) of knowing right (A, K) from wrong (A, K) before unjudged runs of `roles`.

    `worth` (K, R, A'), `costs` (R, A'), `roles` (R,): how often each role is decided.
    """
    arms = len(right)
    weights = np.concatenate((right, wrong, before[None]))
    kinds, count, others = worth.shape
    values = (weights @ worth.reshape(kinds, count * others)).reshape(-1, count, others)
    values = values - weights.sum(axis=1)[:, None, None] * costs
    best = values.max(axis=2) @ roles
    return np.asarray(best[:arms] + best[arms:-1] - best[-1])
