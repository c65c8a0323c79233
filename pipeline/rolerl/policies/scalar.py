"""What the textbook bandits share: discounted means of one number per (domain, role) and arm."""

from abc import abstractmethod
from collections.abc import Iterable
from typing import Any

from pipeline.rolerl.arms import Arm
from pipeline.rolerl.policies.base import BasePolicy, key_of, key_text
from pipeline.rolerl.policies.tallies import Tallies
from pipeline.rolerl.policy import Context, Decision, Key, Observation, Plan, Share
from pipeline.rolerl.settings import PolicySettings

FORGETTING = 0.998
"""Weight of the past after each observation of a role: a memory of about 500 observations."""


class ScalarPolicy(BasePolicy):
    """A bandit on u = quality - cost / value of a success; judges every run if there is a judge.

    Fallbacks for an answer that fails its free checks: the other arms, best first.
    """

    untried = 0.0
    """Mean of an arm that was never observed."""

    def __init__(
        self, arms: Iterable[Arm], settings: PolicySettings, forgetting: float = FORGETTING
    ) -> None:
        super().__init__(arms, settings)
        self.forgetting = forgetting
        self._tallies: dict[Key, Tallies] = {}
        self._value_usd = settings.value_of_success(self.pool)
        self._judged = settings.judge_price_usd is not None

    def _arms_changed(self) -> None:
        self._value_usd = self.settings.value_of_success(self.pool)
        for key, tallies in self._tallies.items():
            tallies.admit(self._playing(key))

    def _playing(self, key: Key) -> list[str]:
        return [arm.model for arm in self.pool if arm.plays(key[1])]

    def tallies(self, key: Key) -> Tallies:
        """What is known of a key's arms."""
        tallies = self._tallies.get(key)
        if tallies is None:
            tallies = self._tallies[key] = Tallies(self.untried)
            tallies.admit(self._playing(key))
        return tallies

    @abstractmethod
    def _mix(self, tallies: Tallies) -> list[float]:
        """Probability of each playing arm, in the order of `tallies.playing`; sums to 1."""

    @abstractmethod
    def _draw(self, tallies: Tallies) -> tuple[int, float]:
        """The arm of one decision, and the probability with which it is drawn."""

    def decide(self, context: Context) -> Decision:
        """Draw an arm; the others stand by, best first."""
        tallies = self._tallies.get((context.domain, context.role))
        if tallies is None:
            tallies = self.tallies(context.key)
        if not tallies.playing:
            self.pool.playing(context.role)
        arm, probability = self._draw(tallies)
        decision = tallies.decisions[arm]
        if decision is None:
            runs = tallies.runs
            rest = tuple([runs[other][0] for other in tallies.ranking if other != arm])
            decision = Decision(runs[arm][self._judged], probability, (), rest)
            tallies.decisions[arm] = decision
        if decision.propensity != probability:
            decision = tallies.decisions[arm] = decision._replace(propensity=probability)
        return decision

    def _plan(self, key: Key) -> Plan:
        self.pool.playing(key[1])
        tallies = self.tallies(key)
        mix = self._mix(tallies)
        judged = float(self._judged)
        shares = zip(tallies.playing, mix, strict=True)
        best = max(range(len(mix)), key=mix.__getitem__)
        arm = tallies.playing[best]
        primary = tallies.models[arm]
        known = f"{tallies.means[arm]:.3f}" if tallies.weights[arm] > 0.0 else "not known yet"
        return Plan(
            primary=primary,
            mix=tuple(Share(tallies.models[i], p, judged) for i, p in shares if p > 0.0),
            fallbacks=tuple(
                Share(tallies.models[i], 1.0, 0.0) for i in tallies.ranking if i != arm
            ),
            reason=f"{primary} is drawn most ({mix[best]:.0%}); its mean utility is {known}",
        )

    def update(self, observation: Observation) -> None:
        """Count the utility of a run whose success is known."""
        quality = observation.quality
        if observation.outcome not in ("ok", "repaired"):
            quality = 0.0
        elif quality is None:
            if observation.success is None:
                return
            quality = float(observation.success)
        context = observation.context
        key = (context.domain, context.role)
        tallies = self._tallies.get(key) or self.tallies(key)
        arm = tallies.place.get(observation.model)
        if arm is None:
            return
        cost = observation.cost_usd or self.pool.get(observation.model).price_usd
        tallies.add(arm, quality - cost / self._value_usd, self.forgetting)
        self._version += 1
        if key in self._plans:
            del self._plans[key]

    def explain(self, key: Key) -> str:
        """The plan's reason and every arm's discounted count and mean."""
        tallies = self.tallies(key)
        rows = ", ".join(
            f"{tallies.models[i]}: {tallies.means[i]:.3f} over {tallies.count(i):.1f}"
            for i in tallies.ranking
            if tallies.weights[i] > 0.0
        )
        return f"{self.role_assignment(key).reason}. Utilities: {rows or 'none yet'}."

    def _state(self) -> dict[str, Any]:
        return {
            "forgetting": self.forgetting,
            "value_usd": self._value_usd,
            "tallies": {key_text(key): tallies.state() for key, tallies in self._tallies.items()},
        }

    def _restore(self, state: dict[str, Any]) -> None:
        self.forgetting = state["forgetting"]
        self._value_usd = state["value_usd"]
        self._tallies = {
            key_of(text): Tallies.of(self.untried, cells, self._playing(key_of(text)))
            for text, cells in state["tallies"].items()
        }
