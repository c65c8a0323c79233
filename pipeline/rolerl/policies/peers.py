"""Routers of other projects behind our protocol, for comparison in the same replay.

They come with the dependency group `peers`: mabwiser, river, paretobandit. They learn u = quality -
cost / value of a success, clipped to 0..1 (quality alone, if they weigh costs themselves), from
runs whose success is known, with the role as context, and have every run judged if there is a
judge. For replays only: their state does not leave the process.
"""

import importlib
from abc import abstractmethod
from collections.abc import Iterable
from typing import Any

import numpy as np

from pipeline.errors import ConfigurationError
from pipeline.rolerl.arms import Arm
from pipeline.rolerl.policies.base import BasePolicy
from pipeline.rolerl.policy import Context, Decision, Key, Observation, Plan, Run, Share
from pipeline.rolerl.settings import PolicySettings

MOST_ROLES = 8
LINUCB_ALPHA = 1.0
TOKENS = 1000


def _library(module: str, package: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError:
        raise ConfigurationError(
            f"this policy needs {package}; install it with: pip install {package}"
        ) from None


class PeerPolicy(BasePolicy):
    """Asks the peer for an arm at every decision and tells it what became of it."""

    counts_cost = False
    """Whether the peer weighs costs itself, so that it is told the quality alone."""

    def __init__(self, arms: Iterable[Arm], settings: PolicySettings) -> None:
        super().__init__(arms, settings)
        self._value_usd = settings.value_of_success(self.pool)
        self._roles: dict[str, int] = {}

    @abstractmethod
    def _choose(self, role: str, models: list[str]) -> str:
        """The peer's arm."""

    @abstractmethod
    def _learn(self, role: str, model: str, utility: float) -> None:
        """Tell the peer what an arm was worth, 0..1."""

    def decide(self, context: Context) -> Decision:
        """The peer's arm; the others, dearest first, if its answer fails its free checks."""
        return self._decision(context.role)

    def _decision(self, role: str) -> Decision:
        models = [arm.model for arm in self.pool.playing(role)]
        chosen = self._choose(role, models)
        judged = self.settings.judge_price_usd is not None
        rest = tuple(Run(m, False) for m in reversed(models) if m != chosen)
        return Decision(Run(chosen, judged), 1.0, (), () if judged else rest)

    def _plan(self, key: Key) -> Plan:
        decision = self._decision(key[1])
        share = Share(decision.first.model, 1.0, float(decision.first.judge))
        rest = tuple(Share(run.model, 1.0, 0.0) for run in decision.fallbacks)
        return Plan(decision.first.model, (share,), rest, reason=f"chosen by {self.name}")

    def update(self, observation: Observation) -> None:
        """Pass on a run whose success is known."""
        right = self.succeeded(observation)
        if right is None or observation.model not in self.pool:
            return
        quality = float(right) if observation.quality is None else observation.quality
        cost = observation.cost_usd or self.pool.get(observation.model).price_usd
        utility = quality if observation.valid else 0.0
        if not self.counts_cost:
            utility -= cost / self._value_usd
        self._learn(observation.context.role, observation.model, min(max(utility, 0.0), 1.0))
        self._changed(observation.context.key)

    def explain(self, key: Key) -> str:
        """Only that the peer chose."""
        return self.role_assignment(key).reason

    def features(self, role: str) -> np.ndarray:
        """One-hot of the role, shape (MOST_ROLES,)."""
        index = self._roles.setdefault(role, len(self._roles))
        if index >= MOST_ROLES:
            raise ConfigurationError(f"{self.name} is set up for at most {MOST_ROLES} roles")
        vector = np.zeros(MOST_ROLES)
        vector[index] = 1.0
        return vector

    def dump(self) -> bytes:
        """Not offered: raises ConfigurationError."""
        raise ConfigurationError(f"policy {self.name!r} is for replays; it cannot be saved")

    def _state(self) -> dict[str, Any]:
        return {}

    def _restore(self, state: dict[str, Any]) -> None:
        raise ConfigurationError(f"policy {self.name!r} is for replays; it cannot be loaded")


class MabwiserPolicy(PeerPolicy):
    """LinUCB of mabwiser."""

    name = "peer:mabwiser-linucb"

    def __init__(self, arms: Iterable[Arm], settings: PolicySettings) -> None:
        super().__init__(arms, settings)
        library = _library("mabwiser.mab", "mabwiser")
        models = [arm.model for arm in self.pool]
        policy = library.LearningPolicy.LinUCB(alpha=LINUCB_ALPHA)
        self._bandit = library.MAB(models, policy, seed=settings.seed)
        self._bandit.fit(models[:1], [0.5], np.zeros((1, MOST_ROLES)))

    def _arms_changed(self) -> None:
        for arm in self.pool:
            if arm.model not in self._bandit.arms:
                self._bandit.add_arm(arm.model)

    def _choose(self, role: str, models: list[str]) -> str:
        worth = self._bandit.predict_expectations(self.features(role)[None])
        return max(models, key=lambda model: float(worth[model]))

    def _learn(self, role: str, model: str, utility: float) -> None:
        self._bandit.partial_fit([model], [utility], self.features(role)[None])


class RiverPolicy(PeerPolicy):
    """UCB of river, one bandit a role."""

    name = "peer:river-ucb"

    def __init__(self, arms: Iterable[Arm], settings: PolicySettings) -> None:
        super().__init__(arms, settings)
        self._library = _library("river.bandit", "river")
        self._bandits: dict[str, Any] = {}

    def _bandit(self, role: str) -> Any:
        if role not in self._bandits:
            self._bandits[role] = self._library.UCB(delta=1, burn_in=1, seed=self.settings.seed)
        return self._bandits[role]

    def _choose(self, role: str, models: list[str]) -> str:
        return str(self._bandit(role).pull(models))

    def _learn(self, role: str, model: str, utility: float) -> None:
        self._bandit(role).update(model, utility)


class ParetoBanditPolicy(PeerPolicy):
    """The contextual router of paretobandit, from a cold start.

    Its last feature is the bias; its penalty, on costs from 0 to 1, is what the dearest run costs
    in successes.
    """

    name = "peer:paretobandit"
    counts_cost = True

    def __init__(self, arms: Iterable[Arm], settings: PolicySettings) -> None:
        super().__init__(arms, settings)
        router = _library("pareto_bandit", "paretobandit")
        service = _library("pareto_bandit.feature_service", "paretobandit")
        dearest = max((arm.price_usd for arm in self.pool), default=0.0)
        self._router = router.BanditRouter.create(
            model_registry={arm.model: self._priced(arm) for arm in self.pool},
            priors="none",
            feature_service=service.FeatureService.for_precomputed(dimension=MOST_ROLES + 1),
            cost_penalty=dearest / self._value_usd,
            bandit_seed=settings.seed,
        )

    @staticmethod
    def _priced(arm: Arm) -> dict[str, float]:
        per_million = arm.price_usd / (2 * TOKENS) * 1e6
        return {"input_cost_per_m": per_million, "output_cost_per_m": per_million}

    def _arms_changed(self) -> None:
        for arm in self.pool:
            if arm.model not in self._router.registry:
                self._router.register_model(arm.model, **self._priced(arm))

    def features(self, role: str) -> np.ndarray:
        """One-hot of the role and the bias, shape (MOST_ROLES + 1,)."""
        return np.append(super().features(role), 1.0)

    def _choose(self, role: str, models: list[str]) -> str:
        chosen, _ = self._router.route(
            self.features(role), input_tokens=TOKENS, output_tokens=TOKENS
        )
        return str(chosen) if chosen in models else models[-1]

    def _learn(self, role: str, model: str, utility: float) -> None:
        self._router.update(model, self.features(role), utility)
