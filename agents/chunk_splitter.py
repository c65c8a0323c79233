"""The chunk splitter's agent: sentences in, windows out, one buffer a stream.

A sentence stays unacknowledged until its window is on the broker: the buffers need no changelog of
their own, because after a restart the sentences are read again.
"""

import asyncio
import logging
import math
from collections.abc import Callable, Mapping
from typing import Any

from faust.types import TP

from agents.changelog import ChangelogStore, PartitionGoneError
from agents.delivery import BadMessageError, EventStream, read
from agents.expiry import let_expire
from agents.head_start import Sent
from agents.intake import Batch, Taken
from agents.outbox import BrokerAwayError, Outgoing, outgoing
from agents.role_app import RoleApp
from pipeline.config import SplitterSettings
from pipeline.domains import Domain
from pipeline.metrics import SENTENCES, WINDOWS
from pipeline.olp.caseless import AnyCaseless
from pipeline.olp.splitter import (
    Intake,
    PlannedCut,
    SplitterState,
    StreamBuffer,
)
from pipeline.tracing import message_span, traces_are_kept, work_span
from schemas.catalogue import (
    SPLITTER_STATE,
    raw_kafka_topic,
    role_kafka_topic,
)
from schemas.catalogue import (
    WINDOWS as WINDOWS_TOPIC,
)
from schemas.codec import DecodeError, decode, encode
from schemas.ids import stable_id, window_id
from schemas.messages import ProducedBy, RawText, Window
from schemas.role_task import RoleTask
from schemas.roles import Role

log = logging.getLogger("rolestream.chunk_splitter")

BufferKey = tuple[int, str, str]
_REJECTED = {
    Intake.OUT_OF_ORDER: "seq is not above the last one of its stream; use increasing seq, or a "
    "new stream_id to start again",
    Intake.CONFLICT: "another text was already read under this seq",
}
_MAX_HELD_WINDOWS = 4


class ChunkSplitter:
    """Cuts the streams of all domains; `token_budget` says how many tokens a window may have.

    The position in a stream that stays quiet is forgotten after `keep_s`; `sent` hears of each
    task for the topic finder.
    """

    def __init__(
        self,
        role_app: RoleApp,
        domains: Mapping[str, Domain],
        settings: SplitterSettings,
        token_budget: Callable[[], int | None],
        keep_s: float,
        sent: Sent = lambda task, partition, value: None,
    ) -> None:
        self._role_app = role_app
        self._sent = sent
        self._settings = settings
        self._asked_budget = token_budget
        self._budget: tuple[float, int | None] = (-math.inf, None)
        named = role_app.kafka.named
        self._topic_of = {name: named(raw_kafka_topic(name)) for name in domains}
        self._domain_of = {kafka_topic: name for name, kafka_topic in self._topic_of.items()}
        self._most_held = _MAX_HELD_WINDOWS * settings.window_sentences_unspaced
        self._transitions = {
            name: {lang: [AnyCaseless(cues)] for lang, cues in domain.transitions.items()}
            for name, domain in domains.items()
        }
        self._store = ChangelogStore(
            role_app.kafka, SPLITTER_STATE, role_app.outbox, role_app.clock
        )
        let_expire(role_app, self._store, keep_s)
        self._counted = {
            (domain, intake): SENTENCES.labels(domain, intake.value)
            for domain in domains
            for intake in Intake
            if intake not in _REJECTED
        }
        self._buffers: dict[BufferKey, StreamBuffer] = {}
        self._cuts: dict[BufferKey, asyncio.Task[None]] = {}
        self._some_taken = asyncio.Event()
        role_app.raw_agent(map(raw_kafka_topic, domains), self._consume)
        role_app.follow_partitions(self._forget)
        role_app.app.task(self._watch_age)

    async def _consume(self, stream: EventStream) -> None:
        async for batch in stream.noack().batches():
            domain, accepted = self._domain_of[batch.tp.topic], 0
            delivery, traced = self._role_app.delivery, traces_are_kept()
            for record in batch:
                try:
                    if traced or record.headers or delivery.refuses:
                        accepted += await self._take_in_with_care(batch, record)
                    else:
                        accepted += await self._take_in(batch.tp, record)
                except PartitionGoneError:
                    continue
                except BadMessageError as error:
                    await self._reject(batch.taken(record), error.kind, str(error))
                except DecodeError as error:
                    await self._reject(batch.taken(record), "invalid", str(error))
                except Exception as error:
                    log.exception("chunk-splitter: a fault of Rolestream itself")
                    cause = f"{type(error).__name__}: {error}"
                    await self._reject(batch.taken(record), "internal", cause)
            self._counted[domain, Intake.ACCEPTED].inc(accepted)

    async def _take_in_with_care(self, batch: Batch, record: Any) -> bool:
        incoming = read(batch.taken(record))
        with message_span(Role.CHUNK_SPLITTER.slug, incoming.source, incoming.headers):
            self._role_app.delivery.check_refused(incoming)
            return await self._take_in(batch.tp, record)

    async def _reject(self, taken: Taken, kind: str, message: str) -> None:
        incoming = read(taken)
        domain = self._domain_of[incoming.source.kafka_topic]
        SENTENCES.labels(domain, "dead_lettered").inc()
        await self._role_app.delivery.reject_surely(incoming, kind, message)
        taken.ack()

    async def _take_in(self, place: TP, record: Any) -> bool:
        """Whether the sentence is held until its window is out; if not, it is done with."""
        domain = self._domain_of[place.topic]
        raw = decode(RawText, record.value)
        if len(raw.text) > self._settings.max_text_chars:
            raise BadMessageError(
                "text_too_long",
                f"the text has {len(raw.text)} characters, more than splitter.max_text_chars "
                f"({self._settings.max_text_chars}); split it before producing",
            )
        if "\0" in raw.text or "\0" in raw.stream_id:
            raise BadMessageError("nul_character", "the text contains NUL; remove it")
        key = (place.partition, domain, raw.stream_id)
        buffer = self._buffers.get(key) or await self._load(key)
        now_s = self._role_app.clock.monotonic()
        intake = buffer.offer(raw, record.offset, now_s)
        accepted = intake is Intake.ACCEPTED
        if not accepted:
            if intake in _REJECTED:
                raise BadMessageError(intake.value, f"seq {raw.seq}: {_REJECTED[intake]}")
            self._role_app.done(place, [record.offset])
            self._counted[domain, intake].inc()
        cut = self._cuts.get(key)
        if (cut is None or cut.done()) and buffer.due(now_s, self._token_budget(now_s)):
            cut = self._start_cut(key, buffer)
        while cut is not None and not cut.done() and len(buffer.held) > self._most_held:
            self._some_taken.clear()
            await self._some_taken.wait()
        return accepted

    def _token_budget(self, now_s: float) -> int | None:
        # The pool is asked once a second: it goes through all arms.
        if now_s - self._budget[0] >= 1.0:
            self._budget = now_s, self._asked_budget()
        return self._budget[1]

    async def _load(self, key: BufferKey) -> StreamBuffer:
        partition, domain, stream_id = key
        await self._store.ready(partition)
        kept = self._store.get(partition, f"{domain}|{stream_id}")
        state = SplitterState() if kept is None else decode(SplitterState, kept)
        buffer = StreamBuffer(self._settings, self._transitions[domain], state)
        self._buffers[key] = buffer
        return buffer

    def _start_cut(self, key: BufferKey, buffer: StreamBuffer) -> asyncio.Task[None]:
        cut = self._cuts.get(key)
        if cut is None or cut.done():
            cut = asyncio.create_task(self._cut_all(key, buffer))
            self._cuts[key] = cut
            cut.add_done_callback(lambda done: self._cut_ended(key, done))
        return cut

    def _cut_ended(self, key: BufferKey, cut: asyncio.Task[None]) -> None:
        self._some_taken.set()
        if self._cuts.get(key) is cut:
            del self._cuts[key]
        if not cut.cancelled() and cut.exception() is not None:
            log.error("chunk-splitter: a cut failed", exc_info=cut.exception())

    async def _cut_all(self, key: BufferKey, buffer: StreamBuffer) -> None:
        clock = self._role_app.clock
        while True:
            now_s = clock.monotonic()
            budget = self._token_budget(now_s)
            reason = buffer.due(now_s, budget)
            if reason is None:
                return
            try:
                with work_span("cut window"):
                    await self._cut(key, buffer, buffer.plan(reason, budget))
            except BrokerAwayError as error:
                log.warning("chunk-splitter: %s; trying again", error)
                await asyncio.sleep(1.0)

    async def _cut(self, key: BufferKey, buffer: StreamBuffer, planned: PlannedCut) -> None:
        partition, domain, stream_id = key
        state = buffer.with_plan(planned)
        await self._store.put(partition, {f"{domain}|{stream_id}": encode(state)})
        window = Window(
            window_id=window_id(
                domain, stream_id, planned.first_seq, planned.last_seq, planned.splitter_version
            ),
            domain=domain,
            stream_id=stream_id,
            lang=buffer.lang,
            sentences=tuple([held.sentence for held in buffer.covered(planned)]),
            carried_from=state.carried_from,
            final=planned.final,
            closed_by=planned.closed_by,
            splitter_version=planned.splitter_version,
            at=self._role_app.clock.now(),
        )
        author = ProducedBy(
            model="code",
            prompt_version=planned.splitter_version,
            decision_id=stable_id(window.window_id, Role.CHUNK_SPLITTER.value),
        )
        task = RoleTask(
            role=Role.TOPIC_FINDER,
            window=window,
            produced_by={Role.CHUNK_SPLITTER.value: author},
        )
        finder = role_kafka_topic(Role.TOPIC_FINDER)
        sent = encode(task)
        self._sent(task, partition, sent)
        await self._role_app.outbox.send(
            [
                Outgoing(finder, partition, stream_id, sent),
                outgoing(WINDOWS_TOPIC, partition, stream_id, window),
            ]
        )
        done = [held.position for held in buffer.take(planned)]
        self._some_taken.set()
        self._role_app.done(TP(self._topic_of[domain], partition), done)
        WINDOWS.labels(domain, planned.closed_by).inc()

    async def _watch_age(self) -> None:
        pause_s = min(1.0, self._settings.max_age_s / 4)
        while not self._role_app.app.should_stop:
            await asyncio.sleep(pause_s)
            now_s = self._role_app.clock.monotonic()
            for key, buffer in list(self._buffers.items()):
                if buffer.due(now_s, None) is not None:
                    self._start_cut(key, buffer)
                elif buffer.quiet_s(now_s) > self._settings.forget_after_s:
                    await self._set_aside(key, buffer)

    async def _set_aside(self, key: BufferKey, buffer: StreamBuffer) -> None:
        partition, domain, stream_id = key
        try:
            await self._store.put(partition, {f"{domain}|{stream_id}": encode(buffer.to_keep())})
        except BrokerAwayError as error:
            log.warning("chunk-splitter: %s", error)
            return
        if not buffer.held and self._buffers.get(key) is buffer:
            del self._buffers[key]

    def _forget(self, partitions: set[int]) -> None:
        for key in [key for key in self._buffers if key[0] in partitions]:
            del self._buffers[key]
            cut = self._cuts.pop(key, None)
            if cut is not None:
                cut.cancel()
        self._store.forget(partitions)
