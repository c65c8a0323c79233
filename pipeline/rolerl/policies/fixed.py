"""Always the same arm: what a team does that picks one model and stays with it."""

from collections.abc import Iterable
from typing import Any

from pipeline.rolerl.arms import Arm
from pipeline.rolerl.policies.base import BasePolicy
from pipeline.rolerl.policy import Key, Observation, Plan, Share
from pipeline.rolerl.settings import PolicySettings
from schemas.arm_names import base_of


class FixedPolicy(BasePolicy):
    """Serves every role with `model`, or the dearest arm; the next dearest are its fallbacks.

    A batch size serves the roles that are asked in batches, its model the others.
    """

    name = "fixed"

    def __init__(
        self, arms: Iterable[Arm], settings: PolicySettings, model: str | None = None
    ) -> None:
        super().__init__(arms, settings)
        if model is not None:
            self.pool.get(model)
        self._model = model

    def _plan(self, key: Key) -> Plan:
        dearest_first = self.pool.playing(key[1])[::-1]
        # A model is no better for being asked in batches that cost more.
        ranked = sorted(dearest_first, key=lambda arm: (-arm.ranked_usd, arm.price_usd))
        wanted = () if self._model is None else (self._model, base_of(self._model))
        able = {arm.model: arm for arm in ranked}
        chosen = next((able[name] for name in wanted if name in able), ranked[0])
        rest = tuple(Share(arm.model, 1.0, 0.0) for arm in ranked if arm is not chosen)
        named = "was named by the user" if chosen.model in wanted else "is the dearest arm"
        return Plan(
            primary=chosen.model,
            mix=(Share(chosen.model, 1.0, 0.0),),
            fallbacks=rest,
            reason=f"{chosen.model} {named}; this policy does not learn",
        )

    def update(self, observation: Observation) -> None:
        """Nothing is learnt."""

    def explain(self, key: Key) -> str:
        """The plan's reason."""
        return self.role_assignment(key).reason

    def _state(self) -> dict[str, Any]:
        return {"model": self._model}

    def _restore(self, state: dict[str, Any]) -> None:
        self._model = state["model"]
