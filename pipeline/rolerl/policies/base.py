"""What every policy has: a pool, a seeded generator, cached plans, and a state that is JSON."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import asdict
from random import Random
from typing import Any

import orjson

from pipeline.errors import InvalidInputError
from pipeline.rolerl.arms import Arm, Pool
from pipeline.rolerl.draw import draw, is_certain
from pipeline.rolerl.policy import Context, Decision, Key, Observation, Plan
from pipeline.rolerl.settings import PolicySettings

KEY_SEPARATOR = "|"


class BasePolicy(ABC):
    """Keeps the plan of each (domain, role) until something it rests on changes."""

    name = ""

    def __init__(self, arms: Iterable[Arm], settings: PolicySettings) -> None:
        self.settings = settings
        self.pool = Pool(arms)
        self.rng = Random(settings.seed)  # noqa: S311 - sampling, not secrets
        self._version = 0
        self._plans: dict[Key, Plan] = {}
        self._certain: dict[Key, Decision] = {}

    @property
    def version(self) -> int:
        """Grows whenever a plan may have changed."""
        return self._version

    def arms(self) -> tuple[Arm, ...]:
        """The pool, cheapest first."""
        return tuple(self.pool)

    def set_arm(self, arm: Arm) -> None:
        """Add an arm or replace the one of that name; plans are made anew."""
        self.pool.put(arm)
        self._arms_changed()
        self._plans.clear()
        self._certain.clear()
        self._version += 1

    def decide(self, context: Context) -> Decision:
        """Draw from the plan of the context's key."""
        key = (context.domain, context.role)
        decision = self._certain.get(key)
        if decision is not None:
            return decision
        plan = self.role_assignment(key)
        decision = draw(plan, self.rng)
        if is_certain(plan):
            self._certain[key] = decision
        return decision

    def pace(self, left_usd: float, left_decisions: int) -> None:  # noqa: B027 - most do not spare
        """What is left of a budget, and how many decisions it has to last for."""

    def role_assignment(self, key: Key) -> Plan:
        """The cached plan, made anew after a change."""
        plan = self._plans.get(key)
        if plan is None:
            plan = self._plans[key] = self._plan(key)
        return plan

    def _changed(self, key: Key) -> None:
        self._plans.pop(key, None)
        self._certain.pop(key, None)
        self._version += 1

    def succeeded(self, observation: Observation) -> bool | None:
        """Whether the run was right: False if it failed its checks, None if nobody knows."""
        if not observation.valid:
            return False
        if observation.success is not None:
            return observation.success
        if observation.quality is None:
            return None
        return observation.quality >= self.settings.success_quality

    @abstractmethod
    def _plan(self, key: Key) -> Plan:
        """Make the plan of a key from what is known now."""

    @abstractmethod
    def update(self, observation: Observation) -> None:
        """Learn from one run."""

    @abstractmethod
    def explain(self, key: Key) -> str:
        """Why this arm has this role."""

    @abstractmethod
    def _state(self) -> dict[str, Any]:
        """What was learnt, as JSON values."""

    @abstractmethod
    def _restore(self, state: dict[str, Any]) -> None:
        """The inverse of `_state`."""

    def _arms_changed(self) -> None:  # noqa: B027 - most policies have nothing to do
        """Called when an arm was added or changed."""

    def dump(self) -> bytes:
        """The whole state as JSON bytes."""
        kind, words, gauss = self.rng.getstate()
        pool = [
            {**asdict(arm), "roles": None if arm.roles is None else sorted(arm.roles)}
            for arm in self.pool
        ]
        state = {
            "policy": self.name,
            "version": self._version,
            "pool": pool,
            "generator": [kind, list(words), gauss],
            "learnt": self._state(),
        }
        return orjson.dumps(state)

    def load(self, state: bytes) -> None:
        """Take over a dumped state; InvalidInputError if it is not one of this policy."""
        try:
            loaded = orjson.loads(state)
            if loaded["policy"] != self.name:
                raise InvalidInputError(
                    f"the state is of policy {loaded['policy']!r}, not of {self.name!r}"
                )
            pool = [
                Arm(**{**arm, "roles": None if arm["roles"] is None else frozenset(arm["roles"])})
                for arm in loaded["pool"]
            ]
            kind, words, gauss = loaded["generator"]
            self.pool = Pool(pool)
            self.rng.setstate((kind, tuple(words), gauss))
            self._restore(loaded["learnt"])
            self._version = loaded["version"]
        except (KeyError, TypeError, ValueError, orjson.JSONDecodeError) as error:
            raise InvalidInputError(
                f"not a dumped state of policy {self.name!r}: {error}"
            ) from None
        self._plans.clear()
        self._certain.clear()


def key_text(key: Key) -> str:
    """A key as it stands in JSON."""
    return KEY_SEPARATOR.join(key)


def key_of(text: str) -> Key:
    """The inverse of `key_text`; the role has no separator in it."""
    domain, _, role = text.rpartition(KEY_SEPARATOR)
    return (domain, role)
