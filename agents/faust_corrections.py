"""Keeps Faust from committing past a message that is still being worked on.

Faust commits the end of the first run of acknowledged offsets, but hardly checks that the run
begins where the last commit ended: with nothing committed yet, or with one message missing in
front, it commits over messages in flight, and a crash loses them. The rule here: the offset to
commit is the lowest one that was read and is not acknowledged.
"""

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import Sequence
from typing import Any

import faust
from aiokafka.consumer.fetcher import FetchResult
from aiokafka.errors import KafkaError
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage
from faust.types.tuples import ack_lock

from agents.intake import AppWithIntake
from pipeline.errors import ConfigurationError

CORRECTED_VERSIONS = ("0.15.3",)
_SEEK_AGAIN_S = 0.5
_ALL_AT_ONCE_S = 60.0
_LOOK_S = 0.1


class _WatchedThread(driver.AIOKafkaConsumerThread):
    """The thread of a consumer, whose heartbeats the app's membership hears of."""

    async def on_start(self) -> None:
        await super().on_start()
        ask_for_all_at_once(self._ensure_consumer()._fetcher)
        app = self.consumer.app
        if isinstance(app, AppWithIntake) and app.membership is not None:
            app.membership.watch(self._ensure_consumer()._coordinator)

    async def _fetch_records(self, consumer: Any, *args: Any, **kwargs: Any) -> Any:
        app = self.consumer.app
        if isinstance(app, AppWithIntake) and app.intake is not None:
            for fetched in consumer._fetcher._records.values():
                leave_as_parsed(fetched)
        return await super()._fetch_records(consumer, *args, **kwargs)


def ask_for_all_at_once(fetcher: Any) -> None:
    """Do not ask for partitions that have nothing while fetched records of others wait.

    aiokafka asks for those alone after a tenth of a second, and while that request waits at the
    broker, for a second and more, the others are not asked for, however much they have.
    """
    fetcher._prefetch_backoff = _ALL_AT_ONCE_S
    actions = fetcher._get_actions_per_node

    def look_often(assignment: Any) -> Any:
        # It relies on looking again soon, for positions that are to be reset.
        fetches, resets, pause_s, *rest = actions(assignment)
        return (fetches, resets, min(pause_s, _LOOK_S), *rest)

    fetcher._get_actions_per_node = look_often


def leave_as_parsed(fetched: Any) -> None:
    """Let records come out as aiokafka's parser made them, not copied into objects of 11 fields.

    Those have the `offset`, `key`, `value` and `headers` too, which is what an intake wants.
    """
    if isinstance(fetched, FetchResult) and fetched.has_more():
        fetched._partition_records._consumer_record = lambda tp, record: record


class StrictConsumer(driver.Consumer):
    """Faust's aiokafka consumer with a commit rule that holds for acknowledgements in any order."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._unfinished: dict[TP, deque[int]] = defaultdict(deque)
        self._known: dict[TP, set[int]] = defaultdict(set)
        self._acked_before_revoke: dict[TP, set[int]] = {}
        self.polled_s = time.monotonic()
        super().__init__(*args, **kwargs)

    def _new_consumer_thread(self) -> driver.AIOKafkaConsumerThread:
        return _WatchedThread(self, loop=self.loop, beacon=self.beacon)

    async def _wait_next_records(self, timeout: float) -> Any:  # noqa: ASYNC109 - Faust's own
        found = await super()._wait_next_records(timeout)
        self.polled_s = time.monotonic()
        return found

    def _to_message(self, tp: TP, record: Any) -> ConsumerMessage:
        message = super()._to_message(tp, record)
        if self.app.topics.acks_enabled_for(message.topic):
            self._note_read(message.tp, [message.offset])
        return message

    def _note_read(self, tp: TP, offsets: Sequence[int]) -> None:
        # After a seek they may be read again: they are waited for already, or were committed.
        known, committed = self._known[tp], self._committed_offset[tp] or 0
        new = [offset for offset in offsets if offset not in known and offset >= committed]
        if new:
            known.update(new)
            unfinished = self._unfinished[tp]
            in_order = not unfinished or new[0] > unfinished[-1]
            unfinished.extend(new)
            if not in_order:
                self._unfinished[tp] = deque(sorted(unfinished))

    def done(self, tp: TP, offsets: Sequence[int]) -> None:
        """Note that messages are done with; what Faust does for its own streams is left out."""
        with ack_lock:
            committed, known = self._committed_offset[tp] or 0, self._acked_index[tp]
            new = [offset for offset in offsets if offset >= committed and offset not in known]
            known.update(new)
            self._acked[tp] += new
            self._n_acked += len(new)

    def _new_offset(self, tp: TP) -> int | None:
        """Return the offset that may be committed for `tp`, or None when nothing is new."""
        with ack_lock:
            unfinished, acked = self._unfinished[tp], self._acked_index[tp]
            acked |= self._acked_before_revoke.pop(tp, set())
            done: set[int] = set()
            while unfinished and unfinished[0] in acked:
                done.add(unfinished.popleft())
            if not done:
                return None
            acked -= done
            self._known[tp] -= done
            self._acked[tp][:] = sorted(acked)
            return unfinished[0] if unfinished else max(done) + 1

    def commit_from_outside(self, limit_s: float) -> None:
        """Commit what is acknowledged, while the loop of the app hangs; the consumer has its own.

        For another thread, and only before the process ends: what is taken here is not given back.
        """
        done = {driver.ensure_aiokafka_TP(tp): self._new_offset(tp) for tp in list(self._acked)}
        offsets = {place: offset for place, offset in done.items() if offset is not None}
        if offsets:
            commit = self._thread._ensure_consumer().commit(offsets)
            loop = self._thread.thread_loop
            asyncio.run_coroutine_threadsafe(commit, loop).result(limit_s)

    async def _drain_messages(self, fetcher: Any) -> None:
        """Hand fetched batches to the app's intake, if it has one, and not message by message."""
        intake = self.app.intake if isinstance(self.app, AppWithIntake) else None
        if intake is None:
            await super()._drain_messages(fetcher)
            return
        thrown_away = False
        try:
            while not (self.should_stop or fetcher.should_stop):
                await intake.room()
                if not self.flow_active:
                    await self.wait(self.can_resume_flow)  # type: ignore[arg-type]
                if thrown_away:
                    thrown_away = not await self._read_again()
                    continue
                # Not before the flow goes on: the first batch after a rebalance is of the new one.
                generation = self.app.consumer_generation_id
                records, active = await self._wait_next_records(timeout=1.0)
                if not self.flow_active or generation != self.app.consumer_generation_id:
                    # Fetched during a rebalance, perhaps behind the seek that ends it.
                    thrown_away = bool(records)
                else:
                    for place, batch in records.items():
                        tp = TP(place.topic, place.partition)
                        if active is None or tp in active:
                            intake.put(self, tp, self._new(tp, batch))
                await asyncio.sleep(0)
        except self.consumer_stopped_errors:
            if not self.app.should_stop:
                raise

    async def _read_again(self) -> bool:
        """Seek back to what is committed, before anything new is taken; false if the flow stops."""
        while self.flow_active and not self.should_stop:
            try:
                await self.perform_seek()
            except (KafkaError, AssertionError):
                # An assertion of aiokafka's: nothing is assigned at the moment.
                await self.sleep(_SEEK_AGAIN_S)
            else:
                return True
        return False

    def _new(self, tp: TP, batch: Sequence[Any]) -> Sequence[Any]:
        due = self._read_offset[tp]
        offsets = [record.offset for record in batch]
        if offsets and due is not None and offsets[0] < due:
            batch = [record for record in batch if record.offset >= due]
            offsets = [record.offset for record in batch]
        if offsets:
            self._note_read(tp, offsets)
            self._read_offset[tp] = offsets[-1] + 1
        return batch

    async def perform_seek(self) -> None:
        """Seek every partition to its committed offset, or to its beginning when it has none.

        Faust leaves a partition without a commit where it is, and so skips what it had fetched
        and thrown away during a rebalance.
        """
        await super().perform_seek()
        if self.app.conf.consumer_auto_offset_reset != "earliest":
            return
        fresh = [
            tp
            for tp in self.assignment()
            if not self._committed_offset[tp] and not self._is_changelog_tp(tp)
        ]
        if fresh:
            await self._thread.seek_to_beginning(*map(driver.ensure_aiokafka_TP, fresh))

    async def verify_all_partitions_active(self) -> None:
        """Nothing: the watchdog does this better, and Faust's way crashes the app when a rebalance
        has not set a position yet.
        """

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Commit what is done, let Faust wind down, then forget what was read."""
        intake = self.app.intake if isinstance(self.app, AppWithIntake) else None
        if intake is not None:
            # Nothing may come in behind what is dropped.
            self.stop_flow()
            intake.drop(revoked)
        await self.commit()
        # Faust forgets these before it waits for the rest and commits again.
        for tp in revoked:
            self._acked_before_revoke[tp] = set(self._acked_index[tp])
        await super().on_partitions_revoked(revoked)
        for tp in revoked:
            for read in (self._unfinished, self._known, self._acked_before_revoke):
                read.pop(tp, None)


def apply() -> None:
    """Make Faust apps created from now on use `StrictConsumer`; may be called again.

    Raises ConfigurationError for a Faust version that the correction was not tested with.
    """
    if faust.__version__ not in CORRECTED_VERSIONS:
        raise ConfigurationError(
            f"faust-streaming {faust.__version__} is installed, but delivery was tested with "
            f"{', '.join(CORRECTED_VERSIONS)} only: install that version"
        )
    driver.Transport.Consumer = StrictConsumer
