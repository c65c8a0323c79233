"""What the default policy knows of one domain: success by regime, cost, validity and latency."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.rolerl.arms import Pool
from pipeline.rolerl.latency import LATE_LIMIT, Latency
from pipeline.rolerl.policy import Decision, Plan
from pipeline.rolerl.regimes import Regimes

Array = NDArray[np.float64]

PRIOR_SUCCESS_LOW, PRIOR_SUCCESS_HIGH = 0.5, 0.8
"""What is expected of the cheapest and of the dearest arm before anything is known: dearer models
tend to be better."""
PRIOR_WEIGHT = 16.0
"""Outcomes that guess is worth: arms differ by about 0.12 in what they get right (a standard
deviation of tau stands for p (1 - p) / tau^2 outcomes)."""
COST_MEMORY = 100.0
VALID_PRIOR, VALID_PRIOR_WEIGHT, VALID_MEMORY = 0.98, 2.0, 50.0
OUT_AFTER, OUT_DECISIONS = 3, 500.0
"""An arm whose answers failed their checks three times in a row in a role rests for 500 decisions,
then each further failure sends it back."""
ROLE_MEMORY = 100.0
CHECKUP_SOONEST, CHECKUP_LATEST = 25, 150
"""Windows from one check-up to the next, if the text has changed and if it has not."""
REPLAN_AGES = (1, 2, 3, 4, 6, 8, 11, 16, 23, 32)
"""Windows without news after which the faded belief is looked at again."""
NOTABLE_ANGLE, NOTABLE_COST, NOTABLE_RATE = 0.05, 0.05, 0.25
"""Changes below these do not make plans anew: of a chance (on the arc-sine scale, where a step
means as much near 0 or 1 as half-way), of a cost and of the rate of change (relative)."""
STRIKING_ANGLE, PATIENCE, MOST_PATIENCE = 0.4, 20.0, 100.0
"""A change of chance beyond the first makes a role's plans anew at once; a smaller one only after
a twentieth of the role's decisions so far, at most a hundred, as estimates settle."""

PlanKey = tuple[tuple[int, ...], bool]
"""What a plan rests on besides what was learnt: the belief in grades, and if it is a check-up."""


class DomainModel:
    """Arrays are indexed (role, arm); roles and arms are numbered as they first come."""

    def __init__(self, pool: Pool, slo_s: float | None) -> None:
        self.slo_s = slo_s
        self.roles: dict[str, int] = {}
        self.arms: dict[str, int] = {}
        self.names: list[str] = []
        self.costs: list[list[float]] = []
        self.runs: list[list[float]] = []
        self.valid: list[list[float]] = []
        self.latency: list[list[Latency]] = []
        self.presence: list[float] = []
        self.decisions: list[float] = []
        self.undecided: set[int] = set()
        self.window = ""
        self.known = 0.0
        self.seen = 0.0
        self.ready: dict[int, tuple[Plan, Decision | None]] = {}
        self.plans: list[dict[PlanKey, tuple[Plan, Decision | None]]] = []
        self.broken: dict[tuple[int, int], tuple[int, float]] = {}
        self.checkup = False
        self._last_checkup = 0
        self._planned: list[float] = []
        self.moved: Array | None = None
        self.worth: tuple[Array, Array] = (np.zeros(0), np.zeros(0))
        self._age = 0
        self._noted_costs: list[list[float]] = []
        self._noted_rate = 0.0
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
        prices = sorted({arm.price_usd for arm in pool})
        top = max(len(prices) - 1, 1)
        priors, weights = np.full(len(self.names), 0.5), np.full(len(self.names), 2.0)
        for arm in pool:
            place = prices.index(arm.price_usd) / top
            guess = PRIOR_SUCCESS_LOW + (PRIOR_SUCCESS_HIGH - PRIOR_SUCCESS_LOW) * place
            index = self.arms[arm.model]
            priors[index] = guess if arm.prior_success is None else arm.prior_success
            weight = PRIOR_WEIGHT if arm.prior_success is None else arm.prior_weight
            weights[index] = max(weight, 0.1)
        for role in range(len(self.roles)):
            self._widen(role)
        self.regimes.grow(len(self.roles), priors, weights)
        self.forget_plans()

    def reprice(self, model: str, factor: float) -> None:
        """The arm's declared price was multiplied: so is what it has cost so far."""
        index = self.arms[model]
        for row in self.costs:
            row[index] *= factor
        self.forget_plans()

    def role(self, name: str) -> int:
        """The role's number; a new one gets its row."""
        number = self.roles.get(name)
        if number is None:
            number = self.roles[name] = len(self.roles)
            self.costs.append([])
            self.runs.append([])
            self.valid.append([])
            self.latency.append([])
            self._noted_costs.append([])
            self.presence.append(1.0)
            self.decisions.append(0.0)
            self.plans.append({})
            self._planned.append(0.0)
            self._widen(number)
            self.regimes.grow(len(self.roles), self.regimes.priors, self.regimes.prior_weights)
            self.forget_plans()
        return number

    def _widen(self, role: int) -> None:
        for name in self.names[len(self.costs[role]) :]:
            self.costs[role].append(self.pool.get(name).price_usd)
            self._noted_costs[role].append(self.pool.get(name).price_usd)
            self.runs[role].append(0.0)
            self.valid[role].append(VALID_PRIOR)
            self.latency[role].append(Latency())

    def begin(self, window: str) -> None:
        """A new window: its belief, and new plans if what was learnt is notable."""
        share = 1.0 / ROLE_MEMORY
        for role in self.undecided:
            self.presence[role] -= share * self.presence[role]
        self.undecided = set(range(len(self.roles)))
        self.window = window
        learns = bool(self.regimes.evidence.outcomes)
        self.regimes.begin(window)
        if learns:
            self.note()
        self._age = 1 if learns else self._age + 1
        due = self._checkup_due()
        if due or self.checkup or self._age in REPLAN_AGES or self._age % REPLAN_AGES[-1] == 0:
            self.ready.clear()
        self.checkup = due

    def _checkup_due(self) -> bool:
        """Whether this window is one in which every role asks its cheapest arm, too.

        Some time after a change, as it shows best what kind of text this is, and now and then.
        """
        number = self.regimes.evidence.number
        waited = number - self._last_checkup
        changed = self.regimes.changed_at > self._last_checkup
        if waited >= CHECKUP_LATEST or (changed and waited >= CHECKUP_SOONEST):
            self._last_checkup = number
            return True
        return False

    def decided(self, role: int) -> None:
        """The role was decided in this window."""
        self.decisions[role] += 1.0
        if role in self.undecided:
            self.undecided.discard(role)
            self.presence[role] += (1.0 - self.presence[role]) / ROLE_MEMORY

    def note(self) -> None:
        """Forget the plans if the chances or the rate of change have moved notably."""
        chances, noted = np.arcsin(np.sqrt(self.regimes.chances)), self._noted_chances
        rate = self.regimes.hazard.rate
        if (
            chances.shape != noted.shape
            or abs(rate - self._noted_rate) > NOTABLE_RATE * self._noted_rate
        ):
            self._noted_chances, self._noted_rate = chances, rate
            self.forget_plans()
            return
        moved = np.abs(chances - noted).max(axis=(0, 2), initial=0.0)
        for role in np.flatnonzero(moved > NOTABLE_ANGLE).tolist():
            patience = min(self.decisions[role] / PATIENCE, MOST_PATIENCE)
            early = self.decisions[role] < self._planned[role] + patience
            if early and moved[role] < STRIKING_ANGLE:
                continue
            self._planned[role] = self.decisions[role]
            noted[:, role] = chances[:, role]
            self.plans[role].clear()
            self.ready.pop(role, None)
            self.moved = None

    def forget_plans(self) -> None:
        """Every plan is made anew."""
        for plans in self.plans:
            plans.clear()
        self.ready.clear()
        self.moved = None

    def ran(self, role: int, arm: int, cost_usd: float, valid: bool, took: float | None) -> None:
        """A run's free facts: what it cost, whether it passed its checks, how long it took."""
        count = self.runs[role][arm] = min(self.runs[role][arm] + 1.0, COST_MEMORY)
        costs = self.costs[role]
        cost = costs[arm] = costs[arm] + (cost_usd - costs[arm]) / (count + 1.0)
        noted = self._noted_costs[role]
        if abs(cost - noted[arm]) > NOTABLE_COST * noted[arm]:
            noted[arm] = cost
            self.forget_plans()
        share = self.valid[role][arm]
        moved = (float(valid) - share) / (min(count, VALID_MEMORY) + VALID_PRIOR_WEIGHT)
        if valid:
            self.broken.pop((role, arm), None)
        else:
            moved = min(moved, -share / (VALID_PRIOR_WEIGHT + 1.0))
            row, _ = self.broken.get((role, arm), (0, 0.0))
            self.broken[(role, arm)] = (row + 1, self.decisions[role] + OUT_DECISIONS)
            if row + 1 >= OUT_AFTER:
                self.forget_plans()
        self.valid[role][arm] = share + moved
        if abs(moved) > 0.01:
            self.forget_plans()
        if took is not None:
            latency = self.latency[role][arm]
            before = latency.late_share > LATE_LIMIT
            latency.add(took, self.slo_s)
            if self.slo_s is not None and (latency.late_share > LATE_LIMIT) != before:
                self.forget_plans()

    def playing(self, role_name: str) -> list[int]:
        """Numbers of the arms that may be picked; broken and too slow ones only if all are."""
        role = self.roles[role_name]
        live = [self.arms[arm.model] for arm in self.pool.playing(role_name)]
        if self.broken:
            live = [a for a in live if not self._is_out(role, a)] or live
        if self.slo_s is None:
            return live
        fast = [a for a in live if self.latency[role][a].late_share <= LATE_LIMIT]
        return fast or sorted(live, key=lambda a: self.latency[role][a].late_share)[:1]

    def _is_out(self, role: int, arm: int) -> bool:
        invalid, until = self.broken.get((role, arm), (0, 0.0))
        return invalid >= OUT_AFTER and self.decisions[role] < until

    def chances(self, role: int, arms: list[int]) -> Array:
        """(K, A) chances that an answer passes its checks and is right."""
        valid = np.array([self.valid[role][a] for a in arms])
        return np.asarray(self.regimes.chances[:, role, arms] * valid)

    def state(self) -> dict[str, Any]:
        """Everything that was learnt, as JSON values."""
        return {
            "roles": list(self.roles),
            "arms": self.names,
            "costs": self.costs,
            "noted_costs": self._noted_costs,
            "runs": self.runs,
            "valid": self.valid,
            "latency": [[cell.cells() for cell in row] for row in self.latency],
            "presence": self.presence,
            "decisions": self.decisions,
            "undecided": sorted(self.undecided),
            "window": self.window,
            "planned": self._planned,
            "broken": [[*cell, *out] for cell, out in self.broken.items()],
            "checkup": [self.checkup, self._last_checkup, self._age],
            "known": [self.known, self.seen],
            "regimes": self.regimes.state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """The inverse of `state`; the pool must have been set before."""
        self.roles = {name: number for number, name in enumerate(state["roles"])}
        self.names = state["arms"]
        self.arms = {name: number for number, name in enumerate(self.names)}
        self.costs, self._noted_costs = state["costs"], state["noted_costs"]
        self.runs, self.valid = state["runs"], state["valid"]
        self.latency = [[Latency(*cells) for cells in row] for row in state["latency"]]
        self.decisions = state["decisions"]
        self.presence, self.undecided = state["presence"], set(state["undecided"])
        self.window = state["window"]
        self.checkup, self._last_checkup, self._age = state["checkup"]
        self.plans = [{} for _ in self.roles]
        self._planned = state["planned"]
        self.broken = {(r, a): (n, until) for r, a, n, until in state["broken"]}
        self.known, self.seen = state["known"]
        self.set_arms(self.pool)
        self.regimes.restore(state["regimes"])
        self.note()
        self.forget_plans()
