"""A stream on one partition and a chunk splitter in memory that may die at any moment.

It does what the splitter's agent does: read, plan, persist, send, acknowledge.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from re import Pattern

from pipeline.clock import ManualClock
from pipeline.config import SplitterSettings
from pipeline.language import is_spaced
from pipeline.olp.caseless import AnyCaseless
from pipeline.olp.splitter import (
    Intake,
    PlannedCut,
    SplitterState,
    StreamBuffer,
    estimate_tokens,
)
from schemas.codec import decode, encode
from schemas.messages import RawText, Sentence

Bounds = tuple[int, int]


class Death(Enum):
    """Where in a cut the process dies."""

    NOWHERE = "nowhere"
    BEFORE_PERSISTING = "before persisting"
    BEFORE_SENDING = "before sending"
    BEFORE_ACKNOWLEDGING = "before acknowledging"


@dataclass(frozen=True)
class Sent:
    """A window as it went out."""

    sentences: tuple[Sentence, ...]
    lang: str
    carried_from: int | None
    closed_by: str
    final: bool

    @property
    def bounds(self) -> Bounds:
        """First and last seq."""
        return self.sentences[0].seq, self.sentences[-1].seq


@dataclass
class World:
    """`log` is the partition; a position is an index in it."""

    settings: SplitterSettings
    budget: int | None = None
    transitions: Mapping[str, Sequence[Pattern[str]]] = field(default_factory=dict)
    clock: ManualClock = field(default_factory=ManualClock)
    log: list[RawText] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    planned: set[Bounds] = field(default_factory=set)
    must_end_at: set[int] = field(default_factory=set)
    _persisted: bytes | None = None
    _acknowledged: set[int] = field(default_factory=set)
    _cursor: int = 0

    def __post_init__(self) -> None:
        self.buffer = self._started()

    def _started(self) -> StreamBuffer:
        state = decode(SplitterState, self._persisted) if self._persisted else SplitterState()
        return StreamBuffer(self.settings, self.transitions, state)

    def read(self, most: int = 10**9) -> list[Intake]:
        """Offer the next messages of the log."""
        intakes: list[Intake] = []
        while self._cursor < len(self.log) and len(intakes) < most:
            position, self._cursor = self._cursor, self._cursor + 1
            raw = self.log[position]
            intake = self.buffer.offer(raw, position, self.clock.monotonic())
            self._check(position, intake)
            self._expect_end(raw, intake)
            if intake is not Intake.ACCEPTED:
                self._acknowledged.add(position)
            intakes.append(intake)
        return intakes

    def say(self, *texts: str, **fields: object) -> list[Intake]:
        """Append sentences with the next seqs and read them."""
        for text in texts:
            seq = max((raw.seq for raw in self.log), default=-1) + 1
            values = {"stream_id": "s", "seq": seq, "text": text, **fields}
            self.log.append(RawText.model_validate(values))
        return self.read()

    def cut(self, death: Death = Death.NOWHERE) -> bool:
        """One cut, if one is due; whether it came to its end."""
        reason = self.buffer.due(self.clock.monotonic(), self.budget)
        if reason is None:
            return False
        planned = self.buffer.plan(reason, self.budget)
        if death is Death.BEFORE_PERSISTING:
            return False
        state = self.buffer.with_plan(planned)
        self._persisted = encode(state)
        self.planned.add((planned.first_seq, planned.last_seq))
        if death is Death.BEFORE_SENDING:
            return False
        self._send(planned, state)
        if death is Death.BEFORE_ACKNOWLEDGING:
            return False
        taken = self.buffer.take(planned)
        assert taken, "a cut must make progress"
        self._acknowledged.update(held.position for held in taken)
        return True

    def _send(self, planned: PlannedCut, state: SplitterState) -> None:
        sentences = [h.sentence for h in self.buffer.held if h.sentence.seq <= planned.last_seq]
        self.sent.append(
            Sent(
                sentences=tuple(sentences),
                lang=self.buffer.lang,
                carried_from=state.carried_from,
                closed_by=planned.closed_by,
                final=planned.final,
            )
        )

    def cut_all(self) -> None:
        """Cut while something is due."""
        while self.cut():
            pass

    @property
    def first_unacknowledged(self) -> int:
        """The latest position from which reading may resume."""
        return next(
            (place for place in range(len(self.log)) if place not in self._acknowledged),
            len(self.log),
        )

    def restart(self, position: int | None = None) -> None:
        """Start again at `position`, by default at the first sentence not acknowledged."""
        resume = self.first_unacknowledged if position is None else position
        assert resume <= self.first_unacknowledged
        self._acknowledged = set(range(resume))
        self._cursor = resume
        self.buffer = self._started()

    def set_aside(self) -> bool:
        """Drop the buffer of a quiet stream from memory and go on from what was kept of it."""
        if self.buffer.held:
            return False
        self._persisted = encode(self.buffer.to_keep())
        self.buffer = self._started()
        return True

    def finish(self) -> None:
        """Read everything, wait until the stream is quiet, and cut what is left."""
        self.read()
        self.cut_all()
        self.clock.advance(self.settings.max_age_s)
        self.cut_all()

    def accepted(self) -> list[Sentence]:
        """What a reader that never dies takes in, by the documented rule alone."""
        kept: list[Sentence] = []
        for raw in self.log:
            if raw.text.strip() and (not kept or raw.seq > kept[-1].seq):
                kept.append(Sentence(seq=raw.seq, text=raw.text))
        return kept

    def windows(self) -> list[Sent]:
        """The windows in the order of their first sending; a repeated one must be the same."""
        first: dict[Bounds, Sent] = {}
        for sent in self.sent:
            assert first.setdefault(sent.bounds, sent) == sent
        return list(first.values())

    def check(self) -> None:
        """Everything that must hold of a finished stream."""
        windows = self.windows()
        assert [s for sent in windows for s in sent.sentences] == self.accepted()
        assert self.planned == {sent.bounds for sent in windows}
        for sent in windows:
            self._check_bounds(sent)
        assert self.must_end_at <= {sent.bounds[1] for sent in windows if sent.final}
        assert not self.buffer.held
        assert self.first_unacknowledged == len(self.log)

    def _check_bounds(self, sent: Sent) -> None:
        most = self.settings.window_sentences
        if not is_spaced(sent.lang):
            most = self.settings.window_sentences_unspaced
        assert len(sent.sentences) <= most
        tokens = sum(estimate_tokens(sentence.text) for sentence in sent.sentences)
        assert self.budget is None or tokens <= self.budget or len(sent.sentences) == 1
        assert sent.carried_from in (None, sent.bounds[0])

    def _check(self, position: int, intake: Intake) -> None:
        raw = self.log[position]
        before = [r.seq for r in self.log[:position] if r.text.strip()]
        if not raw.text.strip():
            assert intake is Intake.EMPTY
        elif raw.seq > max(before, default=-1):
            assert intake in (Intake.ACCEPTED, Intake.REPEATED)
        else:
            assert intake is not Intake.ACCEPTED

    def _expect_end(self, raw: RawText, intake: Intake) -> None:
        held, plan = self.buffer.held, self.buffer.state.planned
        if not raw.end or not held or intake not in (Intake.ACCEPTED, Intake.EMPTY):
            return
        if plan is None or plan.last_seq < held[-1].sentence.seq:
            self.must_end_at.add(held[-1].sentence.seq)


def world(budget: int | None = None, **settings: float) -> World:
    """A stream with windows of four sentences, six without spaces; "next up" is a transition."""
    defaults: dict[str, float] = {"window_sentences": 4, "window_sentences_unspaced": 6}
    limits = SplitterSettings.model_validate({**defaults, **settings})
    return World(limits, budget, {"en": [AnyCaseless(["^next up"])]})


def bounds(finished: World) -> list[Bounds]:
    """First and last seq of the windows, each once."""
    return [sent.bounds for sent in finished.windows()]


def raw(seq: int, text: str = "a sentence", *, end: bool = False) -> RawText:
    """A message as it is on the partition."""
    return RawText(stream_id="s", seq=seq, text=text, end=end)
