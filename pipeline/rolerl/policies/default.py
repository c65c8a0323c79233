"""Rolestream's own policy: learns hidden kinds of text, and asks only what is worth its price."""

from collections.abc import Iterable
from math import frexp
from typing import Any

import numpy as np

from pipeline.rolerl.arms import Arm
from pipeline.rolerl.domain_model import DomainModel, PlanKey, Ready
from pipeline.rolerl.draw import draw, is_certain
from pipeline.rolerl.offer import Offer, Prospects
from pipeline.rolerl.pacing import Pacer
from pipeline.rolerl.policies.base import BasePolicy
from pipeline.rolerl.policies.judged_plan import judged_plan
from pipeline.rolerl.policies.unjudged_plan import unjudged_plan
from pipeline.rolerl.policy import Context, Decision, Key, Observation, Plan, Run, Share
from pipeline.rolerl.settings import PolicySettings

MOST_CACHED = 1000
GRADED_FROM = 0.0005
CHECKUP_GRADE = 1000
SEEN_MEMORY = 0.999
LATEST_AUDIT, SOONEST_AUDIT, AUDIT_SHARE = 60.0, 1.0 / 12.0, 0.01
"""An arm in use is judged every sixty windows at the least, more seldom if that cost more than a
hundredth of the dearest arm's runs; at first after a change, twelve times as often."""


class DefaultPolicy(BasePolicy):
    """For each decision the ladder of arms with the least expected loss.

    The loss counts wrong answers at the value of a success, runs, and judgments. Success depends on
    a hidden regime of the text that all roles of a domain share; the belief about it follows from
    judgments, feedback and checks, and fades as the text may have changed. An answer is judged if
    what that decides (this decision, the rest of the window, the windows to come, whether a cheaper
    arm can be adopted) is worth more than it costs. Without a judge it explores where the knowledge
    gradient pays, in place of the incumbent or beside it, whichever costs less.

    `decide` and `role_assignment` say the same; the latter is for the windows to come, and a window
    that nobody asked `decide` about begins with its first observation.
    """

    name = "default"

    def __init__(self, arms: Iterable[Arm], settings: PolicySettings) -> None:
        super().__init__(arms, settings)
        self._domains: dict[str, DomainModel] = {}
        self._value_usd = settings.value_of_success(self.pool)
        self._pacer = Pacer(settings.budget_usd, settings.budget_decisions)
        self._audits = 0.0
        self._set_audits()

    def set_arm(self, arm: Arm) -> None:
        """Add or change an arm; a new price moves what it is known to cost in proportion."""
        before = self.pool.get(arm.model).price_usd if arm.model in self.pool else 0.0
        super().set_arm(arm)
        if before > 0.0 and arm.price_usd != before:
            for model in self._domains.values():
                model.reprice(arm.model, arm.price_usd / before)

    def _arms_changed(self) -> None:
        self._set_audits()
        self._value_usd = self.settings.value_of_success(self.pool)
        for model in self._domains.values():
            model.set_arms(self.pool)

    def pace(self, left_usd: float, left_decisions: int) -> None:
        """Spend no faster than this allows."""
        self._pacer.pace(left_usd, left_decisions)

    def _domain(self, name: str) -> DomainModel:
        model = self._domains.get(name)
        if model is None:
            model = self._domains[name] = DomainModel(self.pool, self.settings.slo_of)
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
        model.recent[context.window].add(role)
        model.decisions[role] += 1.0
        decision = ready[1] or draw(ready[0], self.rng)
        if self._audits and not decision.first.judge:
            first = decision.first.model
            if model.audit_due(role, first, self._audit_interval(model)):
                decision = decision._replace(first=Run(first, True))
        if self._pacer.active:
            self._count_decision()
            if not self._affords(model, role, ready[0]):
                return Decision(Run(self._cheapest(model, context.role), False), 1.0)
        return decision

    def _ready(self, model: DomainModel, role_name: str, role: int) -> Ready:
        regimes = model.regimes
        belief = regimes.belief
        told_out = regimes.stay.told_out.get(role, 0)
        cached = _plan_key(belief, regimes.hazard.grade, model.checkup, told_out)
        plans = model.plans[role]
        ready = plans.get(cached)
        if ready is None:
            if len(plans) >= MOST_CACHED:
                plans.clear()
            plan = self._plan_for(model, role_name, belief, model.checkup)
            ready = (plan, draw(plan, self.rng) if is_certain(plan) else None)
            plans[cached] = ready
        model.ready[role] = ready
        return ready

    def _plan_for(
        self, model: DomainModel, role_name: str, belief: list[float], checkup: bool
    ) -> Plan:
        price = self._pacer.factor
        judge = self.settings.judge_price_usd
        if judge is None:
            return unjudged_plan(model, role_name, self._value_usd, price)
        role = model.roles[role_name]
        grade = model.regimes.hazard.grade
        prospects = model.prospects.get(grade)
        if prospects is None:
            prospects = model.prospects[grade] = Prospects(model, self._value_usd, price)
        offer = model.offers.get(role)
        if offer is None:
            offer = Offer(model, role, role_name, self._value_usd, judge * price, price)
            model.offers[role] = offer
        return judged_plan(model, offer, prospects, np.array(belief), checkup)

    def _audit_interval(self, model: DomainModel) -> float:
        """Windows after which an arm in use is judged once more, whatever is believed of it.

        What is used unjudged would never be found out if the text was taken for another kind. Soon
        after a change audits are frequent, later they cost a hundredth of the dearest arm's runs.
        """
        stayed = model.regimes.evidence.number - model.regimes.changed_at
        return self._audits * min(max(stayed / LATEST_AUDIT / 2.0, SOONEST_AUDIT), 1.0)

    def _set_audits(self) -> None:
        judge = self.settings.judge_price_usd
        dearest = max((arm.price_usd for arm in self.pool if arm.live), default=0.0)
        self._audits = 0.0
        if judge is not None:
            self._audits = max(LATEST_AUDIT, judge / max(AUDIT_SHARE * dearest, 1e-12))

    def _count_decision(self) -> None:
        if self._pacer.decided():
            for model in self._domains.values():
                model.forget_plans()

    def _affords(self, model: DomainModel, role: int, plan: Plan) -> bool:
        """Whether what the plan may cost leaves the cheapest run for every later decision.

        Counted is what runs first, at the dearest draw, and all fallbacks if it is judged.
        """
        cells, arms = model.facts.cells, model.arms
        judge = self.settings.judge_price_usd or 0.0
        drawn = [cells[role][arms[s.model]].cost_usd + judge * s.judge_rate for s in plan.mix]
        usd = sum(drawn) if plan.sweep else max(drawn)
        if plan.mix[0].judge_rate > 0.0:
            usd += sum(
                cells[role][arms[s.model]].cost_usd + judge * s.judge_rate for s in plan.fallbacks
            )
        return self._pacer.affords(
            usd, sum(min(cell.cost_usd for cell in row) for row in cells) / len(cells)
        )

    def _cheapest(self, model: DomainModel, role_name: str) -> str:
        row = model.facts.cells[model.roles[role_name]]
        return model.names[min(model.playing(role_name), key=lambda arm: row[arm].cost_usd)]

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
        valid = observation.outcome == "ok" or observation.outcome == "repaired"
        late, pacer = observation.late, self._pacer
        if not late:
            came = model.recent.get(context.window)
            if came is None:
                came = model.begin(context.window)
            if role not in came:
                came.add(role)
                model.decisions[role] += 1.0
                if pacer.active:
                    self._count_decision()
            if model.facts.ran(
                role,
                arm,
                observation.cost_usd,
                valid,
                observation.latency_s,
                model.slos_s[role],
                model.decisions[role],
            ):
                model.forget_plans()
            model.seen = SEEN_MEMORY * model.seen + 1.0
            model.known *= SEEN_MEMORY
        if pacer.active:
            pacer.spend(observation.cost_usd + observation.judge_cost_usd)
        if not valid:
            self._version += 1
            return
        right = observation.success
        if right is None:
            if observation.quality is None:
                return
            right = observation.quality >= self.settings.success_quality
        model.known += 1.0
        if late:
            model.regimes.see_late(role, arm, right)
            if self.settings.judge_price_usd is None:
                model.forget_plans()
            else:
                model.note()
        else:
            model.regimes.see(role, arm, right)
            model.ready.clear()
        self._version += 1

    def _plan(self, key: Key) -> Plan:
        model = self._domain(key[0])
        model.role(key[1])
        belief = model.regimes.ahead(model.regimes.belief)
        plan = self._plan_for(model, key[1], belief, model.checkup_due(1))
        if self._pacer.active and not self._affords(model, model.roles[key[1]], plan):
            name = self._cheapest(model, key[1])
            return Plan(name, (Share(name, 1.0, 0.0),), reason=f"{name}: money is short")
        if self._audits and plan.mix[0].judge_rate == 0.0 and len(plan.mix) == 1:
            rate = min(1.0, 1.0 / self._audit_interval(model))
            return plan._replace(mix=(plan.mix[0]._replace(judge_rate=rate),))
        return plan

    def role_assignment(self, key: Key) -> Plan:
        """The plan for windows to come, made from what is known now."""
        return self._plan(key)

    def explain(self, key: Key) -> str:
        """Why this arm has this role, with the numbers."""
        return self.role_assignment(key).reason

    def _state(self) -> dict[str, Any]:
        for model in self._domains.values():
            model.settle()
        return {
            "domains": {name: model.state() for name, model in self._domains.items()},
            "pacer": self._pacer.state(),
        }

    def _restore(self, state: dict[str, Any]) -> None:
        self._value_usd = self.settings.value_of_success(self.pool)
        self._set_audits()
        self._pacer.restore(state["pacer"])
        self._domains = {}
        for name, learnt in state["domains"].items():
            model = self._domain(name)
            model.restore(learnt)


def _plan_key(belief: list[float], rate_grade: int, checkup: bool, told_out: int) -> PlanKey:
    """Plans differ by the grade of the rate of change and of every chance.

    Grades of a chance are steps of the root of two towards 0 and 1.
    """
    key = [told_out, rate_grade + CHECKUP_GRADE if checkup else rate_grade]
    for chance in belief:
        if chance < 0.5:
            key.append(frexp(chance * chance)[1] if chance > GRADED_FROM else -99)
        else:
            rest = 1.0 - chance
            key.append(1 - frexp(rest * rest)[1] if rest > GRADED_FROM else 99)
    return tuple(key)
