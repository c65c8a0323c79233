"""The flow of one stream in process: splitter, roles, format checker, records; no Kafka.

It composes the functions that the agents compose, in the same order, with the same state.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.clock import Clock
from pipeline.config import SplitterSettings, WorkerSettings
from pipeline.decisions.answer_log import MemoryAnswerLog
from pipeline.decisions.blame import bad_format, empty_subjects
from pipeline.decisions.late_quality import Answered
from pipeline.decisions.serve import FailedDecisionError, RoleServer
from pipeline.domains import Domain
from pipeline.evaluation.casting import Casting
from pipeline.olp.caseless import AnyCaseless
from pipeline.olp.content_organizer import ContentOrganizer
from pipeline.olp.format_checker import check_format
from pipeline.olp.records import StreamRecords, SubjectRecords, apply_window
from pipeline.olp.registry import Registry
from pipeline.olp.relationship_checker import RelationshipChecker
from pipeline.olp.role import RoleLogic
from pipeline.olp.splitter import SPLITTER_VERSION, StreamBuffer
from pipeline.olp.topic_finder import TopicFinder
from pipeline.olp.topic_locator import TopicLocator
from schemas.ids import window_id
from schemas.messages import CategorizedRecord, RawText, Window
from schemas.rewards import RewardEvent
from schemas.role_task import RoleTask
from schemas.roles import MODEL_ROLES, Role


@dataclass
class Played:
    """What came of a stream.

    `tasks` are the windows that became records, `decisions` the roles served (for feedback),
    `latency_s` is the time the models took, one role after the other; `faults` one line for each
    window that became nothing.
    """

    records: list[CategorizedRecord] = field(default_factory=list)
    tasks: list[RoleTask] = field(default_factory=list)
    decisions: list[Answered] = field(default_factory=list)
    events: list[RewardEvent] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    latency_s: float = 0.0

    @property
    def cost_usd(self) -> float:
        """All that was paid: kept answers, others, repairs, judgments."""
        return sum(event.cost_usd + event.judge_cost_usd for event in self.events)

    @property
    def runs(self) -> int:
        """How often an arm was asked for a role."""
        return sum(1 for event in self.events if not event.late)


@dataclass
class _Stream:
    registry: Registry = field(default_factory=Registry)
    applied: StreamRecords = field(default_factory=StreamRecords)
    subjects: dict[str, SubjectRecords] = field(default_factory=dict)


class Flow:
    """Plays streams of one domain, each from its beginning to its end."""

    def __init__(
        self,
        server: RoleServer,
        domain: Domain,
        casting: Casting,
        clock: Clock,
        token_budget: int,
        splitter: SplitterSettings | None = None,
        worker: WorkerSettings | None = None,
    ) -> None:
        self._server = server
        self._domain = domain
        self._casting = casting
        self._clock = clock
        self._token_budget = token_budget
        self._splitter = splitter or SplitterSettings()
        self._worker = worker or WorkerSettings()

    async def play(self, stream_id: str, lang: str, texts: Sequence[str]) -> Played:
        """Send `texts` with seqs from 1; their records come back with the same seqs."""
        played, stream = Played(), _Stream()
        for window in self._windows(stream_id, lang, texts):
            await self._window(window, stream, played)
        return played

    def _windows(self, stream_id: str, lang: str, texts: Sequence[str]) -> list[Window]:
        transitions = {
            code: [AnyCaseless(patterns)] for code, patterns in self._domain.transitions.items()
        }
        buffer = StreamBuffer(self._splitter, transitions)
        windows = []
        for place, text in enumerate(texts, start=1):
            raw = RawText(
                stream_id=stream_id, seq=place, text=text, lang=lang, end=place == len(texts)
            )
            buffer.offer(raw, place, 0.0)
            while (reason := buffer.due(0.0, self._token_budget)) is not None:
                planned = buffer.plan(reason, self._token_budget)
                state = buffer.with_plan(planned)
                windows.append(
                    Window(
                        window_id=window_id(
                            self._domain.name,
                            stream_id,
                            planned.first_seq,
                            planned.last_seq,
                            SPLITTER_VERSION,
                        ),
                        domain=self._domain.name,
                        stream_id=stream_id,
                        lang=buffer.lang,
                        sentences=tuple(held.sentence for held in buffer.covered(planned)),
                        carried_from=state.carried_from,
                        final=planned.final,
                        closed_by=planned.closed_by,
                        splitter_version=SPLITTER_VERSION,
                        at=self._clock.now(),
                    )
                )
                buffer.take(planned)
        return windows

    async def _window(self, window: Window, stream: _Stream, played: Played) -> None:
        task = RoleTask(role=Role.TOPIC_FINDER, window=window)
        log = MemoryAnswerLog()
        try:
            for role in MODEL_ROLES:
                logic = self._logic(role, stream)
                task = await self._serve(logic, task, log, played)
                if role is Role.RELATIONSHIP_CHECKER:
                    registry = stream.registry
                    change = registry.change(window.window_id, task.resolved, window.at)
                    registry.apply(change, self._worker.max_known_subjects)
            checked = await self._checked(task, log, played)
        except FailedDecisionError as failure:
            self._learn(failure.events, played)
            played.faults.append(str(failure.cause))
            return
        if checked is None:
            played.faults.append("the format checker refused what the content organizer gave")
            return
        changes = apply_window(
            checked,
            stream.applied,
            stream.subjects.get,
            self._clock.now(),
            self._worker.max_record_sentences,
        )
        stream.subjects.update(changes.states)
        stream.applied = changes.stream
        played.records += changes.records
        played.tasks.append(checked)
        self._learn(empty_subjects(checked, self._clock.now()), played)

    def _logic(self, role: Role, stream: _Stream) -> RoleLogic:
        if role is Role.RELATIONSHIP_CHECKER:
            return RelationshipChecker(stream.registry, self._worker.known_subjects_in_prompt)
        return _LOGIC[role]()

    async def _serve(
        self, logic: RoleLogic, task: RoleTask, log: MemoryAnswerLog, played: Played
    ) -> RoleTask:
        task = task.model_copy(update={"role": logic.role})
        role_assignment = self._casting.role_assignment(task.window.domain, logic.role)
        started = self._clock.monotonic()
        try:
            served = await self._server.serve(logic, task, role_assignment, log)
        finally:
            played.latency_s += self._clock.monotonic() - started
        self._learn(served.events, played)
        played.decisions.append(Answered(served.events, served.versions))
        return served.task

    async def _checked(
        self, task: RoleTask, log: MemoryAnswerLog, played: Played
    ) -> RoleTask | None:
        """The window as the format checker lets it pass, sent back as the worker does."""
        while True:
            verdict = check_format(task, self._domain)
            if verdict.task is not None:
                return verdict.task
            self._learn(bad_format(task, self._clock.now()), played)
            organizer = Role.CONTENT_ORGANIZER.value
            author = task.produced_by.get(organizer)
            if task.attempt + 1 >= self._worker.max_format_attempts or author is None:
                return None
            excluded = (*task.excluded.get(organizer, ()), author.model)
            task = task.model_copy(
                update={
                    "organized": (),
                    "attempt": task.attempt + 1,
                    "excluded": {**task.excluded, organizer: excluded},
                }
            )
            task = await self._serve(ContentOrganizer(), task, log, played)

    def _learn(self, events: Sequence[RewardEvent], played: Played) -> None:
        played.events += events
        self._casting.learn(events)


_LOGIC: Mapping[Role, Callable[[], RoleLogic]] = {
    Role.TOPIC_FINDER: TopicFinder,
    Role.TOPIC_LOCATOR: TopicLocator,
    Role.CONTENT_ORGANIZER: ContentOrganizer,
}
