"""The policy agent: reward events in, role assignments out when they change something.

Events are acknowledged only after the policy's state that contains them is in its changelog; the
state carries the offset it includes, so a redelivered event is not learnt from twice.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import faust
from pydantic import Field

from agents.changelog import ChangelogStore
from agents.delivery import EventStream, read
from agents.outbox import BrokerAwayError, outgoing, partition_of
from agents.role_app import RoleApp
from agents.role_assignments import RoleAssignments
from pipeline.config import PolicySettings
from pipeline.decisions.plans import same_plan
from pipeline.errors import InvalidInputError
from pipeline.rolerl.messages import assignment_of, observation_of
from pipeline.rolerl.policy import Policy
from schemas.base import Message
from schemas.catalogue import POLICY_STATE, ROLE_ASSIGNMENTS, ROLE_REWARDS
from schemas.codec import DecodeError, decode, encode
from schemas.rewards import RewardEvent, assignment_key
from schemas.roles import MODEL_ROLES, Role

log = logging.getLogger("rolestream.policy")

_RECENT_EVENTS = 512
Event = faust.EventT[Any]


class PolicyState(Message):
    """One partition's policy: `position` is the last offset of `role-rewards` it has learnt from;
    `recent` are the last events' identities, so that a repeated event counts once.
    """

    policy: str
    position: int = -1
    recent: tuple[str, ...] = ()
    dump: str
    versions: dict[str, int] = Field(default_factory=dict)


@dataclass
class Learner:
    """The policy of one partition and the events it has taken in but not yet persisted."""

    policy: Policy
    position: int = -1
    recent: OrderedDict[str, None] = field(default_factory=OrderedDict)
    waiting: list[Event] = field(default_factory=list)


class PolicyAgent:
    """Learns from `role-rewards` and publishes `role-assignments`, one policy a partition."""

    def __init__(
        self,
        role_app: RoleApp,
        domains: Iterable[str],
        settings: PolicySettings,
        make: Callable[[], Policy],
        role_assignments: RoleAssignments,
    ) -> None:
        self._role_app = role_app
        self._settings = settings
        self._make = make
        self._role_assignments = role_assignments
        partitions = role_app.kafka.partitions
        self._keys: dict[int, list[tuple[str, Role]]] = {}
        for domain in domains:
            for role in MODEL_ROLES:
                partition = partition_of(assignment_key(domain, role), partitions)
                self._keys.setdefault(partition, []).append((domain, role))
        self._store = ChangelogStore(role_app.kafka, POLICY_STATE, role_app.outbox)
        self._learners: dict[int, Learner] = {}
        role_app.raw_agent([ROLE_REWARDS], self._consume)
        role_app.follow_partitions(self._forget)
        role_app.app.on_partitions_assigned.connect(self._assigned, weak=False)
        role_app.app.task(self._publish_regularly)

    async def _consume(self, stream: EventStream) -> None:
        async for event in stream.noack().events():
            incoming = read(event)
            learner = await self._learner(incoming.partition)
            try:
                reward = decode(RewardEvent, incoming.value)
            except DecodeError as error:
                await self._role_app.delivery.reject_surely(incoming, "invalid", str(error))
                event.ack()
                continue
            learner.waiting.append(event)
            if incoming.source.offset <= learner.position:
                continue
            learner.position = incoming.source.offset
            identity = "|".join(
                (reward.decision_id, reward.model, str(reward.late), str(reward.quality_source))
            )
            if identity not in learner.recent:
                learner.policy.update(observation_of(reward))
                learner.recent[identity] = None
                if len(learner.recent) > _RECENT_EVENTS:
                    learner.recent.popitem(last=False)

    async def _learner(self, partition: int) -> Learner:
        learner = self._learners.get(partition)
        if learner is not None:
            return learner
        await self._store.ready(partition)
        policy = self._make()
        learner = Learner(policy)
        kept = self._store.get(partition, str(partition))
        if kept is not None:
            state = decode(PolicyState, kept)
            learner.position = state.position
            if state.policy == policy.name:
                try:
                    policy.load(state.dump.encode("utf-8"))
                    learner.recent = OrderedDict.fromkeys(state.recent)
                except InvalidInputError as error:
                    log.warning("policy: starting afresh, the kept state cannot be read: %s", error)
        return self._learners.setdefault(partition, learner)

    async def _assigned(self, *args: Any, **_: Any) -> None:
        for tp in args[1]:
            asyncio.get_running_loop().create_task(self._learner(tp.partition))

    async def _publish_regularly(self) -> None:
        while not self._role_app.app.should_stop:
            await asyncio.sleep(self._settings.publish_interval_s)
            for partition, learner in list(self._learners.items()):
                try:
                    await self._publish(partition, learner)
                except BrokerAwayError as error:
                    log.warning("policy: %s; trying again", error)

    async def _publish(self, partition: int, learner: Learner) -> None:
        waiting, learner.waiting = learner.waiting, []
        try:
            if waiting:
                state = PolicyState(
                    policy=learner.policy.name,
                    position=learner.position,
                    recent=tuple(learner.recent),
                    dump=learner.policy.dump().decode("utf-8"),
                )
                await self._store.put(partition, {str(partition): encode(state)})
            await self._publish_changes(partition, learner.policy)
        except BrokerAwayError:
            learner.waiting = [*waiting, *learner.waiting]
            raise
        for event in waiting:
            event.ack()

    async def _publish_changes(self, partition: int, policy: Policy) -> None:
        changed = []
        now = self._role_app.clock.now()
        for domain, role in self._keys.get(partition, ()):
            current = self._role_assignments.get(domain, role)
            version = 1 if current is None else current.version + 1
            plan = policy.role_assignment((domain, role.value))
            proposed = assignment_of(plan, (domain, role.value), policy.name, version, now)
            if current is None or not same_plan(current, proposed):
                changed.append(proposed)
                self._role_assignments.expect(proposed)
        await self._role_app.outbox.send(
            outgoing(
                ROLE_ASSIGNMENTS,
                partition,
                assignment_key(item.domain, item.role),
                item,
            )
            for item in changed
        )

    def _forget(self, partitions: set[int]) -> None:
        for partition in partitions:
            self._learners.pop(partition, None)
        self._store.forget(partitions)
