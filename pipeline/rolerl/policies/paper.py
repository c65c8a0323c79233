"""The published Role-RL algorithm, faithful to paper and code (arXiv 2409.18014), as a baseline."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.rolerl.arms import Arm
from pipeline.rolerl.draw import draw
from pipeline.rolerl.policies.base import BasePolicy, key_of, key_text
from pipeline.rolerl.policies.board import Board
from pipeline.rolerl.policy import Context, Decision, Key, Observation, Plan, Run, Share
from pipeline.rolerl.reward import paper_reward
from pipeline.rolerl.settings import PolicySettings
from schemas.arm_names import base_of

ALPHA = 0.1
EPSILON = 0.03
VOTES_AFTER_WINDOWS = 100
"""The first windows do not move the judges' weights, as in the published code."""


@dataclass(slots=True)
class RoleTable:
    """One role's table of 2n states by n actions, sparse; a state is (arm, was it right).

    `incumbent` and `right` are the state; `open_*` describe the decision whose runs are coming in.
    """

    values: dict[str, dict[str, float]] = field(default_factory=dict)
    incumbent: str | None = None
    right: bool = True
    open_decision: str | None = None
    open_sweep: bool = False
    open_state: str | None = None
    open_rewards: dict[str, float] = field(default_factory=dict)

    def learn(self, state: str, action: str, reward: float, alpha: float) -> None:
        """Move one cell towards the reward; gamma is 0, so no next state enters."""
        row = self.values.get(state)
        if row is None:
            row = self.values[state] = {}
        old = row.get(action, 0.0)
        row[action] = old + alpha * (reward - old)

    def greedy(self, models: Sequence[str]) -> str:
        """The action of the highest value in the present state; the first of equals."""
        row = self.values.get(state_name(self.incumbent or "", self.right))
        if not row:
            return models[0]
        best, top = models[0], row.get(models[0], 0.0)
        for model in models:
            value = row.get(model, 0.0)
            if value > top:
                best, top = model, value
        return best


def state_name(model: str, right: bool) -> str:
    """A state as it stands in the table: the arm, and + after a success or - after a failure."""
    return ("+" if right else "-") + model


class PaperPolicy(BasePolicy):
    """Per role a table by (incumbent, last success) and action, gamma 0, alpha 0.1, epsilon 0.03.

    First use sweeps every arm. Later, when the greedy or random choice is not the incumbent, both
    run, the better is kept, and both are credited in both directions. Everything is judged.
    """

    name = "paper"

    def __init__(self, arms: Iterable[Arm], settings: PolicySettings) -> None:
        super().__init__(arms, settings)
        self.epsilon, self.alpha = EPSILON, ALPHA
        self._models: dict[str, list[str]] = {}
        self._tables: dict[Key, RoleTable] = {}
        self._windows: dict[str, int] = {}
        self._last_window: dict[str, str] = {}
        self.board = Board(self._dearest_adequate())

    def _dearest_adequate(self) -> str:
        return list(self._judges())[-1] if len(self.pool) else ""

    def _judges(self) -> dict[str, float]:
        """Prices by arm, cheapest first; a model's batch sizes judge no better than it does."""
        return {a.model: a.price_usd for a in self.pool if base_of(a.model) == a.model}

    def _table(self, key: Key) -> RoleTable:
        table = self._tables.get(key)
        if table is None:
            table = self._tables[key] = RoleTable()
        return table

    def set_rates(self, epsilon: float, alpha: float) -> None:
        """Explore and learn at other rates from now on, as the published experiment does."""
        rates = (min(max(epsilon, 0.0), 1.0), alpha)
        if rates != (self.epsilon, self.alpha):
            self.epsilon, self.alpha = rates
            self._plans.clear()
            self._certain.clear()

    def _arms_changed(self) -> None:
        self._models.clear()

    def _playing(self, role: str) -> list[str]:
        models = self._models.get(role)
        if models is None:
            models = self._models[role] = [arm.model for arm in self.pool.playing(role)]
        return models

    def decide(self, context: Context) -> Decision:
        """The incumbent, and beside it the greedy or a random arm if that is another."""
        key = (context.domain, context.role)
        table = self._tables.get(key)
        models = self._models.get(context.role) or self._playing(context.role)
        if table is None or table.incumbent not in models or not table.values:
            return draw(self.role_assignment(key), self.rng)
        incumbent, epsilon = table.incumbent, self.epsilon
        even = epsilon / len(models)
        greedy = drawn = table.greedy(models)
        if epsilon > 0.0:
            point = self.rng.random()
            if point < epsilon:
                drawn = models[int(point / epsilon * len(models))]
        propensity = even + (1.0 - epsilon if drawn == greedy else 0.0)
        beside = () if drawn == incumbent else (Run(drawn, True),)
        return Decision(Run(incumbent, True), propensity, beside)

    def _plan(self, key: Key) -> Plan:
        models = self._playing(key[1])
        table = self._table(key)
        dearest_first = tuple(Share(m, 1.0, 1.0) for m in reversed(models))
        if not table.values or table.incumbent is None:
            even = tuple(Share(m, 1.0 / len(models), 1.0) for m in models)
            return Plan(models[-1], even, sweep=True, reason="first use: every arm runs once")
        incumbent = table.incumbent if table.incumbent in models else models[-1]
        row = table.values.get(state_name(table.incumbent, table.right), {})
        greedy = table.greedy(models)
        chance = {m: self.epsilon / len(models) for m in models}
        chance[greedy] += 1.0 - self.epsilon
        return Plan(
            primary=incumbent,
            mix=tuple(
                Share(m, chance[m], 1.0) for m in models if chance[m] > 0.0 or m == incumbent
            ),
            fallbacks=tuple(share for share in dearest_first if share.model != incumbent)
            if incumbent != table.incumbent
            else (),
            side_by_side=True,
            reason=f"{incumbent} served last and was {'right' if table.right else 'wrong'}; "
            f"{greedy} has the highest value {row.get(greedy, 0.0):.3f} after that",
        )

    def update(self, observation: Observation) -> None:
        """Credit the run; a run nobody judged and no check refused teaches nothing."""
        reward = self._reward(observation)
        if reward is None or observation.model not in self.pool:
            return
        key = observation.context.key
        table = self._tables.get(key) or self._table(key)
        if table.open_decision == observation.decision and observation.model in table.open_rewards:
            return
        if table.open_decision != observation.decision:
            table.open_decision = observation.decision
            table.open_sweep = not table.values or table.incumbent is None
            table.open_rewards = {}
            table.open_state = (
                None if table.incumbent is None else state_name(table.incumbent, table.right)
            )
        self._credit(table, observation.model, reward)
        self._elect(key, observation.context.window)
        self._changed(key)

    def _reward(self, observation: Observation) -> float | None:
        if observation.reward is not None:
            return observation.reward
        right = self.succeeded(observation)
        if right is None:
            return None
        return paper_reward(right, observation.quality, observation.cost_usd)

    def _credit(self, table: RoleTable, model: str, reward: float) -> None:
        state = table.open_state
        if not table.open_sweep and state is not None and reward != 0.0:
            table.learn(state, model, reward, self.alpha)
        for other, earned in table.open_rewards.items():
            if earned != 0.0:
                table.learn(state_name(other, earned > 0.0), model, reward, self.alpha)
            if reward != 0.0:
                table.learn(state_name(model, reward > 0.0), other, earned, self.alpha)
        if table.open_sweep and reward != 0.0:
            table.learn(state_name(model, reward > 0.0), model, reward, self.alpha)
        table.open_rewards[model] = reward
        kept, best = max(table.open_rewards.items(), key=lambda kv: kv[1])
        if best != 0.0:
            table.incumbent, table.right = kept, best > 0.0
        elif table.incumbent is None:
            table.incumbent = kept

    def _elect(self, key: Key, window: str) -> None:
        domain = key[0]
        if self._last_window.get(domain) == window:
            return
        self._last_window[domain] = window
        self._windows[domain] = self._windows.get(domain, 0) + 1
        if self._windows[domain] > VOTES_AFTER_WINDOWS:
            tables = [t.values for k, t in self._tables.items() if k[0] == domain]
            self.board.elect(self._judges(), tables)

    def explain(self, key: Key) -> str:
        """The plan's reason, the row it was read from, and the judges' weights."""
        table = self._table(key)
        plan = self.role_assignment(key)
        row = table.values.get(state_name(table.incumbent or "", table.right), {})
        cells = ", ".join(f"{m} {v:.3f}" for m, v in sorted(row.items(), key=lambda kv: -kv[1]))
        judges = ", ".join(f"{m} {w:.2f}" for m, w in self.board.weights.items())
        return f"{plan.reason}. Values in this state: {cells or 'none yet'}. Judges: {judges}."

    def _state(self) -> dict[str, Any]:
        return {
            "tables": {
                key_text(key): {
                    "values": t.values,
                    "incumbent": t.incumbent,
                    "right": t.right,
                    "open": [t.open_decision, t.open_sweep, t.open_state, t.open_rewards],
                }
                for key, t in self._tables.items()
            },
            "windows": self._windows,
            "last_window": self._last_window,
            "board": self.board.weights,
            "rates": [self.epsilon, self.alpha],
        }

    def _restore(self, state: dict[str, Any]) -> None:
        self._tables = {
            key_of(text): RoleTable(t["values"], t["incumbent"], t["right"], *t["open"])
            for text, t in state["tables"].items()
        }
        self._windows = state["windows"]
        self._last_window = state["last_window"]
        self.board.weights = state["board"]
        self.epsilon, self.alpha = state["rates"]
        self._models.clear()
