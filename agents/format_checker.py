"""The format checker's agent: the last look, then records out, or back, or to the dead letters."""

from collections.abc import Mapping

from agents.as_read import AsRead
from agents.changelog import ChangelogStore
from agents.delivery import BadMessageError, Incoming
from agents.expiry import let_expire
from agents.model_role import reward_messages
from agents.outbox import Outgoing, outgoing
from agents.role_app import RoleApp
from pipeline.config import WorkerSettings
from pipeline.decisions.blame import bad_format, empty_subjects
from pipeline.domains import Domain
from pipeline.metrics import BLAME, RECORDS, WINDOW_LATENCY
from pipeline.olp.format_checker import CHECKER_VERSION, Verdict, check_format
from pipeline.olp.records import Changes, StreamRecords, SubjectRecords, apply_window
from schemas.catalogue import (
    RECORDS_STATE,
    WINDOW_OUTCOMES,
    records_kafka_topic,
    role_kafka_topic,
)
from schemas.codec import decode, encode
from schemas.ids import stable_id
from schemas.messages import ProducedBy, WindowOutcome
from schemas.rewards import RewardEvent
from schemas.role_task import RoleTask
from schemas.roles import Role

_ROLE = Role.FORMAT_CHECKER
_MOST_STREAMS, _MOST_SUBJECTS = 128, 256
"""Of so many, what was read or written last is kept as it was parsed."""


class FormatChecker:
    """Checks organised windows and keeps the books of what was published, each for `keep_s`."""

    def __init__(
        self,
        role_app: RoleApp,
        domains: Mapping[str, Domain],
        settings: WorkerSettings,
        keep_s: float,
    ) -> None:
        self._role_app = role_app
        self._domains = domains
        self._settings = settings
        self._store = ChangelogStore(role_app.kafka, RECORDS_STATE, role_app.outbox, role_app.clock)
        self._streams = AsRead(self._store, StreamRecords, _MOST_STREAMS)
        self._subjects = AsRead(self._store, SubjectRecords, _MOST_SUBJECTS)
        let_expire(role_app, self._store, keep_s)
        role_app.agent([role_kafka_topic(_ROLE)], self._handle)
        role_app.follow_partitions(self._store.forget)

    async def _handle(self, incoming: Incoming) -> None:
        task = decode(RoleTask, incoming.value)
        window = task.window
        domain = self._domains.get(window.domain)
        if domain is None:
            raise BadMessageError(
                "unknown_domain",
                f"no domain {window.domain!r} is declared here; add its file to domains.files",
            )
        partition = incoming.partition
        await self._store.ready(partition)
        key = f"{window.domain}|{window.stream_id}"
        stream = self._streams.get(partition, key) or StreamRecords()
        if stream.has(window.window_id):
            return
        verdict = check_format(task, domain)
        if verdict.task is None:
            await self._send_back(task, verdict, partition)
            return
        author = ProducedBy(
            model="code",
            prompt_version=CHECKER_VERSION,
            decision_id=stable_id(window.window_id, _ROLE.value),
        )
        checked = verdict.task.model_copy(
            update={"produced_by": {**task.produced_by, _ROLE.value: author}}
        )

        def load(subject_id: str) -> SubjectRecords | None:
            return self._subjects.get(partition, f"{key}|{subject_id}")

        changes = apply_window(
            checked,
            stream,
            load,
            self._role_app.clock.now(),
            self._settings.max_record_sentences,
        )
        await self._publish(checked, changes, partition)
        states = {f"{key}|{identity}": state for identity, state in changes.states.items()}
        values = {name: encode(state) for name, state in states.items()}
        of_stream = encode(changes.stream)
        await self._store.put(partition, {**values, key: of_stream})
        for name, state in states.items():
            self._subjects.keep(partition, name, values[name], state)
        self._streams.keep(partition, key, of_stream, changes.stream)

    async def _publish(self, task: RoleTask, changes: Changes, partition: int) -> None:
        window = task.window
        now = self._role_app.clock.now()
        outcome = WindowOutcome(
            window_id=window.window_id,
            domain=window.domain,
            stream_id=window.stream_id,
            sentences=len(window.sentences),
            recorded=changes.recorded,
            unassigned=changes.unassigned,
            subjects=changes.subjects,
            upserts=sum(1 for record in changes.records if record.op == "upsert"),
            deletes=sum(1 for record in changes.records if record.op == "delete"),
            final=window.final,
            latency_s=max((now - window.at).total_seconds(), 0.0),
            at=now,
        )
        messages: list[Outgoing] = []
        for record in changes.records:
            headers = {"category": record.category, "subject_id": record.subject.subject_id}
            messages.append(
                outgoing(
                    records_kafka_topic(window.domain),
                    partition,
                    window.stream_id,
                    record,
                    headers,
                )
            )
            RECORDS.labels(window.domain, record.category, record.op).inc()
        messages.append(outgoing(WINDOW_OUTCOMES, partition, window.stream_id, outcome))
        messages += self._charged(empty_subjects(task, now))
        await self._role_app.outbox.send(messages)
        WINDOW_LATENCY.labels(window.domain).observe(outcome.latency_s)

    async def _send_back(self, task: RoleTask, verdict: Verdict, partition: int) -> None:
        charged = self._charged(bad_format(task, self._role_app.clock.now()))
        await self._role_app.outbox.send(charged)
        faults = "; ".join(verdict.faults[:5])
        author = task.produced_by.get(Role.CONTENT_ORGANIZER.value)
        if task.attempt + 1 >= self._settings.max_format_attempts or author is None:
            raise BadMessageError("bad_format", f"after {task.attempt + 1} attempts: {faults}")
        excluded = task.excluded.get(Role.CONTENT_ORGANIZER.value, ())
        again = task.model_copy(
            update={
                "role": Role.CONTENT_ORGANIZER,
                "organized": (),
                "attempt": task.attempt + 1,
                "excluded": {
                    **task.excluded,
                    Role.CONTENT_ORGANIZER.value: (*excluded, author.model),
                },
            }
        )
        back = role_kafka_topic(Role.CONTENT_ORGANIZER)
        await self._role_app.outbox.send([outgoing(back, partition, task.window.stream_id, again)])

    def _charged(self, events: tuple[RewardEvent, ...]) -> list[Outgoing]:
        for event in events:
            for check, passed in event.checks.items():
                if not passed:
                    BLAME.labels(event.domain, event.role.value, check).inc()
        return reward_messages(events, self._role_app)
