"""What the default policy knows of one domain: success by regime, cost, validity and latency."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipeline.rolerl.arm_priors import arm_priors
from pipeline.rolerl.arms import Pool
from pipeline.rolerl.latency import LATE_LIMIT
from pipeline.rolerl.policy import Decision, Plan
from pipeline.rolerl.regimes import Regimes
from pipeline.rolerl.run_facts import RunFacts
from pipeline.rolerl.skills import Skills

if TYPE_CHECKING:
    from pipeline.rolerl.offer import Offer, Prospects

Array = NDArray[np.float64]

ROLE_MEMORY = 100.0
CHECKUP_SOONEST, CHECKUP_LATEST = 25, 150
"""Windows from one check-up to the next, if the text has changed and if it has not."""
REPLAN_AGES, REPLAN_EVERY = frozenset((1, 2, 3, 4, 6, 8, 11, 16, 23)), 32
"""Windows without news after which the faded belief is looked at again, at last every so many."""
NOTABLE_ANGLE = 0.05
"""A change of a chance below this does not make plans anew; on the arc-sine scale, where a step
means as much near 0 or 1 as half-way."""
STRIKING_ANGLE, PATIENCE, MOST_PATIENCE = 0.4, 20.0, 100.0
"""A change of chance beyond the first makes a role's plans anew at once; a smaller one only after
a twentieth of the role's decisions so far, at most a hundred, as estimates settle."""

BELIEVED_RIGHT = 0.5

PlanKey = tuple[int, ...]
"""What a plan rests on besides what was learnt: the arms of which the stay can tell no more, the
rate of change in grades with a thousand added if it is a check-up, and the belief in grades."""

Ready = tuple[Plan, Decision | None]
"""A plan, and its decision if every draw from it gives the same."""

RECENT_WINDOWS = 32
"""Windows whose roles may still be to come; live, those of several streams interleave."""


class DomainModel:
    """Arrays are indexed (role, arm); roles and arms are numbered as they first come."""

    def __init__(self, pool: Pool, slo_of: Callable[[str], float | None]) -> None:
        self._slo_of = slo_of
        self.slos_s: list[float | None] = []
        self.roles: dict[str, int] = {}
        self.arms: dict[str, int] = {}
        self.names: list[str] = []
        self.facts = RunFacts()
        self.presence: list[float] = []
        self.decisions: list[float] = []
        self.recent: dict[str, set[int]] = {"": set()}
        self.window = ""
        self.known = 0.0
        self.seen = 0.0
        self.ready: dict[int, Ready] = {}
        self.plans: list[dict[PlanKey, Ready]] = []
        self.offers: dict[int, Offer] = {}
        self.prospects: dict[int, Prospects] = {}
        self.skills = Skills()
        self.checkup = False
        self._last_checkup = 0
        self._planned: list[float] = []
        self._age = 0
        self._noted_refresh = -1
        self.regimes = Regimes(0, np.zeros(0), np.zeros(0))
        self._noted_chances = np.zeros((0, 0, 0))
        self.set_arms(pool)

    def set_arms(self, pool: Pool) -> None:
        """Take over new arms, prices and states of the pool."""
        self.pool = pool
        for arm in pool:
            if arm.model not in self.arms:
                self.arms[arm.model] = len(self.names)
                self.names.append(arm.model)
        self.skills.set_arms(pool, self.arms)
        priors, weights = arm_priors(pool, self.arms)
        for role in range(len(self.roles)):
            self._widen(role)
        self.regimes.grow(len(self.roles), priors, weights)
        self.forget_plans()

    def reprice(self, model: str, factor: float) -> None:
        """The arm's declared price was multiplied: so is what it has cost so far."""
        index = self.arms[model]
        self.facts.reprice(index, factor)
        self.forget_plans()

    def role(self, name: str) -> int:
        """The role's number; a new one gets its row."""
        number = self.roles.get(name)
        if number is None:
            number = self.roles[name] = len(self.roles)
            self.skills.name_roles(self.roles)
            self.slos_s.append(self._slo_of(name))
            self.presence.append(1.0)
            self.decisions.append(0.0)
            self.plans.append({})
            self._planned.append(0.0)
            self._widen(number)
            self.regimes.grow(
                len(self.roles), self.regimes.table.priors, self.regimes.table.prior_weights
            )
            self.forget_plans()
        return number

    def _widen(self, role: int) -> None:
        self.facts.widen(role, [self.pool.get(name).price_usd for name in self.names])

    @property
    def undecided(self) -> set[int]:
        """Roles still to be decided in the present window."""
        return set(range(len(self.roles))) - self.recent[self.window]

    def begin(self, window: str) -> set[int]:
        """A new window: its belief, and new plans if what was learnt is notable.

        Returns the set in which the roles that come in the window are to be entered.
        """
        recent = self.recent
        recent.pop(window, None)
        comes = recent[window] = set[int]()
        if len(recent) > RECENT_WINDOWS:
            came = recent.pop(next(iter(recent)))
            self.presence = [
                share + ((1.0 if role in came else 0.0) - share) / ROLE_MEMORY
                for role, share in enumerate(self.presence)
            ]
        self.window = window
        regimes = self.regimes
        learns = bool(regimes.evidence.outcomes)
        regimes.begin(window)
        if learns and regimes.refreshed != self._noted_refresh:
            self.note()
        self._age = 1 if learns else self._age + 1
        due = self.checkup_due(0)
        if due or self.checkup or self._age in REPLAN_AGES or self._age % REPLAN_EVERY == 0:
            self.ready.clear()
        if due:
            self._last_checkup = regimes.evidence.number
        self.checkup = due
        return comes

    def checkup_due(self, ahead: int) -> bool:
        """Whether the window so many from now is one in which each role asks its cheapest arm, too.

        Some time after a change, as it shows best what kind of text this is, and now and then.
        """
        regimes, last = self.regimes, self._last_checkup
        waited = regimes.evidence.number + ahead - last
        if waited < CHECKUP_SOONEST:
            return False
        return waited >= CHECKUP_LATEST or regimes.changed_at > last

    def audit_due(self, role: int, model: str, interval: float) -> bool:
        """Whether an arm in use has to be judged once more, whatever is believed of it.

        `interval` windows after the text changed or an outcome of the arm was known; in the next
        one if that outcome was wrong although the arm is believed to be right.
        """
        regimes = self.regimes
        arm = self.arms[model]
        last = regimes.like.last.get((role, arm))
        number = regimes.evidence.number
        if last is None or last[0] < regimes.changed_at:
            return number - regimes.changed_at >= interval
        if number - last[0] >= interval:
            return True
        return not last[1] and number > last[0] and regimes.chance(role, arm) >= BELIEVED_RIGHT

    def note(self) -> None:
        """Forget the plans of roles in which the chances have moved notably."""
        self._noted_refresh = self.regimes.refreshed
        chances, noted = np.arcsin(np.sqrt(self.regimes.table.chances)), self._noted_chances
        if chances.shape != noted.shape:
            self._noted_chances = chances
            self.forget_plans()
            return
        moved = np.maximum.reduce(np.abs(chances - noted), axis=(0, 2), initial=0.0)
        for role, angle in enumerate(moved.tolist()):
            if angle <= NOTABLE_ANGLE:
                continue
            patience = min(self.decisions[role] / PATIENCE, MOST_PATIENCE)
            early = self.decisions[role] < self._planned[role] + patience
            if early and angle < STRIKING_ANGLE:
                continue
            self._planned[role] = self.decisions[role]
            noted[:, role] = chances[:, role]
            self.plans[role].clear()
            self.offers.pop(role, None)
            self.ready.pop(role, None)
            self.prospects.clear()

    def forget_plans(self) -> None:
        """Every plan is made anew."""
        for plans in self.plans:
            plans.clear()
        self.ready.clear()
        self.offers.clear()
        self.prospects.clear()

    def settle(self) -> None:
        """Forget the plans and what they rested on, as after `restore`."""
        self._noted_chances = np.zeros((0, 0, 0))
        self._noted_refresh = -1
        self.note()
        self.forget_plans()

    def playing(self, role_name: str) -> list[int]:
        """Numbers of the arms that may be picked; broken and too slow ones only if all are."""
        role = self.roles[role_name]
        live = [self.arms[arm.model] for arm in self.pool.playing(role_name)]
        facts = self.facts
        if facts.broken.cells:
            now = self.decisions[role]
            live = [a for a in live if not facts.broken.rests(role, a, now)] or live
        if self.slos_s[role] is None:
            return live
        fast = [a for a in live if facts.late_share(role, a) <= LATE_LIMIT]
        return fast or sorted(live, key=lambda a: facts.late_share(role, a))[:1]

    def chances(self, role: int, arms: list[int]) -> Array:
        """(K, A) chances that an answer passes its checks and is right."""
        valid = np.array(self.facts.valid(role, arms))
        return np.asarray(self.regimes.table.chances[:, role].take(arms, axis=1) * valid)

    def state(self) -> dict[str, Any]:
        """Everything that was learnt, as JSON values."""
        return {
            "roles": list(self.roles),
            "arms": self.names,
            "facts": self.facts.state(),
            "skills": self.skills.state(),
            "presence": self.presence,
            "decisions": self.decisions,
            "recent": [[window, sorted(came)] for window, came in self.recent.items()],
            "window": self.window,
            "planned": self._planned,
            "checkup": [self.checkup, self._last_checkup, self._age],
            "known": [self.known, self.seen],
            "regimes": self.regimes.state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """The inverse of `state`; the pool must have been set before."""
        self.roles = {name: number for number, name in enumerate(state["roles"])}
        self.slos_s = [self._slo_of(name) for name in self.roles]
        self.names = state["arms"]
        self.arms = {name: number for number, name in enumerate(self.names)}
        self.facts.restore(state["facts"])
        self.decisions = state["decisions"]
        self.presence = state["presence"]
        self.recent = {window: set(came) for window, came in state["recent"]}
        self.window = state["window"]
        self.checkup, self._last_checkup, self._age = state["checkup"]
        self.plans = [{} for _ in self.roles]
        self._planned = state["planned"]
        self.known, self.seen = state["known"]
        self.set_arms(self.pool)
        self.skills.name_roles(self.roles)
        self.skills.restore(state["skills"])
        self.regimes.restore(state["regimes"])
        self.settle()
