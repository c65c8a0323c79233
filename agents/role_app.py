"""One Faust app a role: its own consumer group, so that it scales, lags and restarts by itself."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from contextlib import suppress
from tempfile import TemporaryDirectory
from typing import Any

from faust.types import TP

from agents.connection import bootstrap, faust_credentials
from agents.delivery import Delivery, EventStream, Handler
from agents.faust_corrections import StrictConsumer
from agents.intake import AppWithIntake, Intake
from agents.membership import Membership
from agents.outbox import Outbox
from agents.room import Room
from pipeline.clock import Clock
from pipeline.config import KafkaSettings, WorkerSettings

log = logging.getLogger("rolestream.role_app")
_LEAVE_S = 5.0
_REQUEST_TIMEOUT_S = 90.0
"""As Faust has it, which wants no longer sessions than that."""
Forget = Callable[[set[int]], None]
Keep = Callable[[Collection[int]], None]


class RoleApp:
    """A Faust app with one agent over some Kafka topics, and the state that follows its
    partitions.

    When `buffer` messages, or as many bytes as may be in flight, wait in memory for room, no more
    are fetched.
    `patience_s` is how long a message may rightly stay with this role, longer than
    `worker.stalled_after_s`; `waits_for` says what its work waits for, if that is known.
    """

    def __init__(
        self,
        name: str,
        kafka: KafkaSettings,
        clock: Clock,
        worker: WorkerSettings,
        buffer: int = 32,
    ) -> None:
        self.name = name
        self.kafka = kafka
        self.clock = clock
        self._folder = TemporaryDirectory(prefix="rolestream-")
        self.app = AppWithIntake(
            self.group,
            broker=[f"kafka://{server}" for server in bootstrap(kafka)],
            broker_credentials=faust_credentials(kafka),
            broker_session_timeout=kafka.session_timeout_s,
            broker_request_timeout=max(kafka.session_timeout_s, _REQUEST_TIMEOUT_S),
            broker_heartbeat_interval=kafka.heartbeat_interval_s,
            broker_commit_interval=1.0,
            consumer_group_instance_id=worker.instance,
            autodiscover=False,
            datadir=self._folder.name,
            web_enabled=False,
            topic_disable_leader=True,
            topic_allow_declare=False,
            topic_partitions=kafka.partitions,
            stream_wait_empty=False,
            stream_buffer_maxsize=buffer,
            key_serializer="raw",
            value_serializer="raw",
            store="memory://",
        )
        most_bytes = int(worker.in_flight_mib * 1024 * 1024)
        self._intake = Intake(buffer, most_bytes)
        self.membership = Membership(kafka.session_timeout_s)
        self.app.membership = self.membership
        self.outbox = Outbox(kafka, membership=self.membership)
        room = Room(worker.in_flight, most_bytes)
        self.delivery = Delivery(name, self.outbox, clock, room)
        self._hand_over_s = worker.hand_over_s
        self._stop_s = worker.stop_s
        self.patience_s = 0.0
        self.waits_for: Callable[[], str | None] = lambda: None
        self._forget: list[Forget] = []
        self._keep: list[Keep] = []
        self._assigned: frozenset[TP] | None = None
        self.kafka_topics: tuple[str, ...] = ()
        self.recovered: Callable[[Iterable[int]], bool] = lambda partitions: True
        self.app.on_partitions_revoked.connect(self._revoked, weak=False)
        self.app.on_partitions_assigned.connect(self._took, weak=False)

    @property
    def assigned(self) -> frozenset[TP] | None:
        """The partitions this app works on; None while its group has not settled that."""
        return None if self.app.rebalancing else self._assigned

    @property
    def group(self) -> str:
        """Its consumer group."""
        return f"{self.kafka.group_prefix}-{self.name}"

    def is_idle(self, kafka_topic: str, partition: int) -> bool:
        """Whether this app works on the partition, has room and nothing that waits for it."""
        own = self.assigned
        if own is None or self._intake.waiting or self.delivery.full or not self.membership.sure:
            return False
        return TP(self.kafka.named(kafka_topic), partition) in own

    def agent(self, kafka_topics: Iterable[str], handle: Handler) -> None:
        """Handle every message of `kafka_topics` with `handle`."""

        async def body(stream: EventStream) -> None:
            await self.delivery.consume(stream, handle)

        self.raw_agent(kafka_topics, body)

    def raw_agent(
        self, kafka_topics: Iterable[str], body: Callable[[EventStream], Awaitable[None]]
    ) -> None:
        """An agent whose body reads the messages itself and acknowledges each."""
        self.app.intake = self._intake
        self.kafka_topics = tuple(map(self.kafka.named, kafka_topics))
        channel = self.app.topic(
            *self.kafka_topics,
            key_serializer="raw",
            value_serializer="raw",
            internal=True,
        )

        async def subscribe(stream: EventStream) -> None:
            """Faust subscribes for its agents; the messages come by the intake."""
            async for _ in stream.noack().events():
                pass

        self.app.agent(channel, name=self.name.replace("-", "_"))(subscribe)

        async def work() -> None:
            await body(self._intake)

        self.app.task(work)

    def follow_partitions(self, forget: Forget, keep: Keep | None = None) -> None:
        """Call `forget(partitions)` when partitions are taken away, `keep(partitions)` with all
        that this app has once that is settled.
        """
        self._forget.append(forget)
        if keep is not None:
            self._keep.append(keep)

    async def start(self) -> None:
        """Start the app's consumer and agent."""
        self.outbox.start()
        self.app.finalize()
        await self.app.start()

    async def stop(self) -> None:
        """Stop the app: finish what is done within `worker.stop_s`, commit, leave the rest to the
        next owner.
        """
        if self.app.crash_reason is None and self.app.started:
            await self.delivery.drain(self._stop_s)
            with suppress(Exception):
                await self.app.consumer.commit()
        await self.delivery.hand_over(range(self.kafka.partitions), 0.0)
        for keep in self._keep:
            keep(())
        await self.app.stop()
        self.outbox.stop()
        self._folder.cleanup()

    def done(self, tp: TP, offsets: Sequence[int]) -> None:
        """Messages of a partition are done with: their offsets may be committed."""
        consumer = self.app.consumer
        if isinstance(consumer, StrictConsumer):
            consumer.done(tp, offsets)

    def commit_from_outside(self, limit_s: float) -> None:
        """Commit what is done while the event loop hangs; for another thread, before the end."""
        consumer = self.app.consumer
        if self.assigned and isinstance(consumer, StrictConsumer):
            consumer.commit_from_outside(limit_s)

    async def _took(self, *args: Any, **_: Any) -> None:
        self._assigned = frozenset(args[1])
        partitions = {tp.partition for tp in self._assigned}
        for keep in self._keep:
            keep(partitions)

    async def _revoked(self, *args: Any, **_: Any) -> None:
        self._assigned = None
        revoked: set[TP] = args[1]
        partitions = {tp.partition for tp in revoked}
        # Another worker may have them already: then there is nothing to finish.
        limit_s = self._hand_over_s if self.membership.sure else 0.0
        await self.delivery.hand_over(partitions, limit_s)
        for forget in self._forget:
            forget(partitions)
        try:
            async with asyncio.timeout(_LEAVE_S):
                # Whoever comes next reads this state: nothing may be written after that.
                await self.outbox.settled(_LEAVE_S)
                await self.app.consumer.commit()
        except Exception as error:
            log.warning("%s: what was done is not committed: %r", self.name, error)
