"""What the textbook bandits share: discounted means of one number per (domain, role) and arm."""

from abc import abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pipeline.rolerl.arms import Arm
from pipeline.rolerl.policies.base import BasePolicy, key_of, key_text
from pipeline.rolerl.policy import Key, Observation, Plan, Share
from pipeline.rolerl.settings import PolicySettings

FORGETTING = 0.998
"""Weight of the past after each observation of a role: a memory of about 500 observations."""


@dataclass(slots=True)
class Tally:
    """Discounted number of observations, their mean, and their squared deviations' sum."""

    count: float = 0.0
    mean: float = 0.0
    spread: float = 0.0

    def add(self, value: float) -> None:
        """West's incremental weighted mean and variance."""
        self.count += 1.0
        delta = value - self.mean
        self.mean += delta / self.count
        self.spread += delta * (value - self.mean)

    def fade(self, factor: float) -> None:
        """Let the past count for less."""
        self.count *= factor
        self.spread *= factor


class ScalarPolicy(BasePolicy):
    """A bandit on u = quality - cost / value of a success; judges every run if there is a judge.

    Fallbacks for an answer that fails its free checks: the other arms, best first.
    """

    def __init__(
        self, arms: Iterable[Arm], settings: PolicySettings, forgetting: float = FORGETTING
    ) -> None:
        super().__init__(arms, settings)
        self.forgetting = forgetting
        self._tallies: dict[Key, dict[str, Tally]] = {}
        self._value_usd = settings.value_of_success(self.pool)

    def _arms_changed(self) -> None:
        self._value_usd = self.settings.value_of_success(self.pool)

    def tallies(self, key: Key) -> dict[str, Tally]:
        """The tallies of a key by arm; arms without any observation are absent."""
        return self._tallies.setdefault(key, {})

    @abstractmethod
    def _mix(self, key: Key, models: list[str]) -> dict[str, float]:
        """Probability of each arm; sums to 1."""

    def _plan(self, key: Key) -> Plan:
        models = [arm.model for arm in self.pool.playing(key[1])]
        mix = self._mix(key, models)
        tallies = self.tallies(key)
        judged = 0.0 if self.settings.judge_price_usd is None else 1.0
        primary = max(models, key=mix.__getitem__)
        ranked = sorted(models, key=lambda m: -tallies[m].mean if m in tallies else 0.0)
        mean = f"{tallies[primary].mean:.3f}" if primary in tallies else "not known yet"
        return Plan(
            primary=primary,
            mix=tuple(Share(m, mix[m], judged) for m in models if mix[m] > 0.0),
            fallbacks=tuple(Share(m, 1.0, 0.0) for m in ranked if m != primary),
            reason=f"{primary} is drawn most ({mix[primary]:.0%}); its mean utility is {mean}",
        )

    def update(self, observation: Observation) -> None:
        """Count the utility of a run whose success is known."""
        right = self.succeeded(observation)
        if right is None or observation.model not in self.pool:
            return
        key = observation.context.key
        tallies = self.tallies(key)
        for tally in tallies.values():
            tally.fade(self.forgetting)
        quality = observation.quality if observation.quality is not None else float(right)
        cost = observation.cost_usd or self.pool.get(observation.model).price_usd
        utility = (quality if observation.valid else 0.0) - cost / self._value_usd
        tallies.setdefault(observation.model, Tally()).add(utility)
        self._changed(key)

    def explain(self, key: Key) -> str:
        """The plan's reason and every arm's discounted count and mean."""
        rows = ", ".join(
            f"{m}: {t.mean:.3f} over {t.count:.1f}" for m, t in sorted(self.tallies(key).items())
        )
        return f"{self.role_assignment(key).reason}. Utilities: {rows or 'none yet'}."

    def _state(self) -> dict[str, Any]:
        return {
            "forgetting": self.forgetting,
            "value_usd": self._value_usd,
            "tallies": {
                key_text(key): {m: [t.count, t.mean, t.spread] for m, t in tallies.items()}
                for key, tallies in self._tallies.items()
            },
        }

    def _restore(self, state: dict[str, Any]) -> None:
        self.forgetting = state["forgetting"]
        self._value_usd = state["value_usd"]
        self._tallies = {
            key_of(text): {m: Tally(*cells) for m, cells in tallies.items()}
            for text, tallies in state["tallies"].items()
        }
