"""Who plays which role during an evaluation: arms that were named, or a policy that learns."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from pipeline.clock import Clock
from pipeline.decisions.learner import Learner
from pipeline.decisions.plans import next_assignment
from schemas.rewards import ArmShare, RewardEvent, RoleAssignment
from schemas.roles import Role

NAMED = "named"
"""The policy's name where the user named the arms."""


class Casting(Protocol):
    """Gives each role its assignment and hears what became of it."""

    def role_assignment(self, domain: str, role: Role) -> RoleAssignment:
        """How the role is served now."""
        ...

    def learn(self, events: Iterable[RewardEvent]) -> None:
        """Take in what became of some runs."""
        ...


class NamedArms:
    """One arm a role, without fallbacks."""

    def __init__(self, arms: Mapping[Role, str], clock: Clock) -> None:
        self._arms = dict(arms)
        self._clock = clock

    def role_assignment(self, domain: str, role: Role) -> RoleAssignment:
        """The arm that was named for the role."""
        arm = self._arms[role]
        return RoleAssignment(
            domain=domain,
            role=role,
            version=0,
            policy=NAMED,
            primary=arm,
            mix=(ArmShare(model=arm, probability=1.0),),
            reason="named by the user",
            at=self._clock.now(),
        )

    def learn(self, events: Iterable[RewardEvent]) -> None:
        """Nothing is learnt."""


class LearningPolicy:
    """A policy as the policy agent runs it, its assignments renewed before each decision."""

    def __init__(self, learner: Learner, clock: Clock) -> None:
        self._learner = learner
        self._clock = clock
        self._offset = 0
        self._current: dict[tuple[str, Role], RoleAssignment] = {}

    def role_assignment(self, domain: str, role: Role) -> RoleAssignment:
        """What the policy would publish now. Raises ConfigurationError if no arm is left."""
        current = self._current.get((domain, role))
        now = self._clock.now()
        proposed = next_assignment(self._learner, domain, role, None, current, now)
        if proposed is not None:
            current = self._current[domain, role] = proposed
        assert current is not None  # noqa: S101 - the first proposal is never None
        return current

    def learn(self, events: Iterable[RewardEvent]) -> None:
        """Learn from the events as they would arrive on `role-rewards`."""
        for event in events:
            self._learner.take(event, self._offset)
            self._offset += 1
