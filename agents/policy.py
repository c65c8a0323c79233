"""The policy agent: reward events in, role assignments out when they change something.

Planning takes all arms: it is done for what has changed, and for a twentieth of the time at most.
Events are acknowledged only after the policy's state that contains them is in its changelog; the
state carries the offset it includes, so a redelivered event is not learnt from twice.
"""

import asyncio
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import faust

from agents.changelog import ChangelogStore, PartitionGoneError
from agents.delivery import EventStream, read
from agents.outbox import BrokerAwayError, outgoing
from agents.policy_controls import PolicyControls
from agents.role_app import RoleApp
from agents.role_assignments import RoleAssignments
from pipeline.decisions.learner import Learner, PolicyState
from pipeline.decisions.plans import next_assignment
from pipeline.decisions.policy_maker import PolicyMaker
from pipeline.decisions.settled import Settled
from pipeline.errors import ConfigurationError, InvalidInputError
from schemas.catalogue import POLICY_STATE, ROLE_ASSIGNMENTS, ROLE_REWARDS
from schemas.codec import DecodeError, decode, encode
from schemas.partitions import policy_partition
from schemas.policy_control import PolicyControl
from schemas.rewards import RewardEvent, RoleAssignment, assignment_key
from schemas.roles import MODEL_ROLES, Role

log = logging.getLogger("rolestream.policy")

Event = faust.EventT[Any]

_PAUSE_FOR_WORK = 19.0
"""Seconds of pause for each second that keeping the state and planning took."""


@dataclass
class Partition:
    """The learner of a partition, and the events it has taken in but not yet persisted."""

    learner: Learner
    waiting: list[Event] = field(default_factory=list)
    settled: Settled = field(default_factory=Settled)


class PolicyAgent:
    """Learns from `role-rewards` and publishes `role-assignments`, one policy a partition."""

    def __init__(
        self,
        role_app: RoleApp,
        domains: Iterable[str],
        publish_interval_s: float,
        maker: PolicyMaker,
        role_assignments: RoleAssignments,
        controls: PolicyControls,
    ) -> None:
        self._role_app = role_app
        self._publish_interval_s = publish_interval_s
        self._maker = maker
        self._role_assignments = role_assignments
        self._controls = controls
        partitions = role_app.kafka.partitions
        self._keys: dict[int, list[tuple[str, Role]]] = {}
        for domain in domains:
            keys = self._keys.setdefault(policy_partition(domain, partitions), [])
            keys.extend((domain, role) for role in MODEL_ROLES)
        self._store = ChangelogStore(role_app.kafka, POLICY_STATE, role_app.outbox, role_app.clock)
        self._partitions: dict[int, Partition] = {}
        self._without_arms: set[tuple[str, Role]] = set()
        self._worked_s = 0.0
        role_app.raw_agent([ROLE_REWARDS], self._consume)
        role_app.recovered = lambda numbers: all(n in self._partitions for n in numbers)
        role_app.follow_partitions(self._forget)
        role_app.app.on_partitions_assigned.connect(self._assigned, weak=False)
        role_app.app.task(self._publish_regularly)

    async def _consume(self, stream: EventStream) -> None:
        async for event in stream.noack().events():
            incoming = read(event)
            try:
                partition = await self._partition(incoming.partition)
                reward = decode(RewardEvent, incoming.value)
            except PartitionGoneError:
                continue
            except DecodeError as error:
                await self._role_app.delivery.reject_surely(incoming, "invalid", str(error))
                event.ack()
                continue
            partition.waiting.append(event)
            partition.learner.take(reward, incoming.source.offset)
            partition.settled.learnt(reward.domain)

    async def _partition(self, number: int) -> Partition:
        partition = self._partitions.get(number)
        if partition is not None:
            return partition
        await self._store.ready(number)
        learner = Learner(self._maker)
        kept = self._store.get(number, str(number))
        if kept is not None:
            try:
                learner.restore(decode(PolicyState, kept))
            except (DecodeError, InvalidInputError) as error:
                log.warning("policy: starting afresh, the kept state cannot be read: %s", error)
        return self._partitions.setdefault(number, Partition(learner))

    async def _assigned(self, *args: Any, **_: Any) -> None:
        for tp in args[1]:
            asyncio.get_running_loop().create_task(self._prepare(tp.partition))

    async def _prepare(self, number: int) -> None:
        with suppress(PartitionGoneError):
            await self._partition(number)

    async def _publish_regularly(self) -> None:
        while not self._role_app.app.should_stop:
            pause_s = max(self._publish_interval_s, _PAUSE_FOR_WORK * self._worked_s)
            self._worked_s = 0.0
            await asyncio.sleep(pause_s)
            for number, partition in list(self._partitions.items()):
                try:
                    await self._publish(number, partition)
                except BrokerAwayError as error:
                    log.warning("policy: %s; trying again", error)

    async def _publish(self, number: int, partition: Partition) -> None:
        pool_changed = partition.learner.follow_pool()
        if pool_changed:
            partition.settled.forget()
        waiting, partition.waiting = partition.waiting, []
        try:
            if waiting or pool_changed:
                with self._working():
                    state = encode(partition.learner.state())
                await self._store.put(number, {str(number): state})
            await self._publish_changes(number, partition)
        except BrokerAwayError:
            partition.waiting = [*waiting, *partition.waiting]
            raise
        for event in waiting:
            event.ack()

    async def _publish_changes(self, number: int, partition: Partition) -> None:
        with self._working():
            changed = self._changes(number, partition)
        await self._role_app.outbox.send(
            outgoing(ROLE_ASSIGNMENTS, number, assignment_key(item.domain, item.role), item)
            for item in changed
        )
        # Not before the broker has them: what it did not take is still to be published.
        for item in changed:
            self._role_assignments.expect(item)

    def _changes(self, number: int, partition: Partition) -> list[RoleAssignment]:
        settled = partition.settled
        settled.begin(all_domains=self._maker.budget_usd is not None)
        changed = []
        for domain, role in self._keys.get(number, ()):
            control = self._controls.get(domain, role)
            current = self._role_assignments.get(domain, role)
            if settled.holds((domain, role), control, current):
                continue
            proposed = self._next(partition.learner, domain, role, control, current)
            if proposed is None:
                settled.settle((domain, role), control, current)
            else:
                changed.append(proposed)
        return changed

    @contextmanager
    def _working(self) -> Iterator[None]:
        began_s = self._role_app.clock.monotonic()
        try:
            yield
        finally:
            self._worked_s += self._role_app.clock.monotonic() - began_s

    def _next(
        self,
        learner: Learner,
        domain: str,
        role: Role,
        control: PolicyControl | None,
        current: RoleAssignment | None,
    ) -> RoleAssignment | None:
        now = self._role_app.clock.now()
        try:
            proposed = next_assignment(learner, domain, role, control, current, now)
        except ConfigurationError as error:
            if (domain, role) not in self._without_arms:
                log.warning(
                    "policy: nothing to publish for %s of %s: %s", role.value, domain, error
                )
                self._without_arms.add((domain, role))
            return None
        self._without_arms.discard((domain, role))
        return proposed

    def _forget(self, partitions: set[int]) -> None:
        for number in partitions:
            self._partitions.pop(number, None)
        self._store.forget(partitions)
