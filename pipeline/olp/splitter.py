"""The chunk splitter: one buffer a stream, cut into windows with the unfinished part carried over.

A cut is first planned (`plan`), then persisted, then emitted (`commit`): after a crash the same
window comes out again, whatever the clock says then.
"""

import re
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Literal, NamedTuple
from zlib import crc32

from pydantic import Field

from pipeline.config import SplitterSettings
from pipeline.language import detect_lang, is_spaced, primary_language
from pipeline.olp.cohesion import Cue, last_boundary
from schemas.base import Message, Part, Seq
from schemas.messages import RawText, Sentence

SPLITTER_VERSION = "cohesion-1"
RECENT_SEQS = 64
_FORGOTTEN_AT_ONCE = 16
MAX_WINDOW_TOKENS = 100_000
"""However large the models' contexts are: a window has to fit into a Kafka message of 1 MB."""
CutReason = Literal["count", "age", "tokens", "end"]


_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class PlannedCut(Part):
    """A cut that was decided: which sentences, why, and from where the rest is carried over.

    `splitter_version` is that of the process which planned it, whichever process sends the window:
    it is part of the window's id, and a window that is sent again must have the id of before.
    """

    first_seq: Seq
    first_position: int = Field(ge=0)
    last_seq: Seq
    last_position: int = Field(ge=0)
    closed_by: CutReason
    carried_from: Seq | None = None
    final: bool = False
    splitter_version: str = "cohesion-1"


class SplitterState(Message):
    """What must survive a restart; the sentences themselves are read again from Kafka.

    `emitted_position` is the Kafka offset up to which sentences are in windows; `recent` maps the
    last seqs to a checksum of their text, to tell a repetition from a conflict.
    """

    emitted_seq: int = -1
    emitted_position: int = -1
    lang: str | None = None
    carried_from: Seq | None = None
    planned: PlannedCut | None = None
    recent: dict[int, int] = Field(default_factory=dict)


class Intake(StrEnum):
    """What became of a sentence that was offered to the buffer."""

    ACCEPTED = "accepted"
    EMPTY = "empty"
    REPEATED = "repeated"
    OUT_OF_ORDER = "out_of_order"
    CONFLICT = "conflict"


class Held(NamedTuple):
    """A buffered sentence, when it came and from where."""

    sentence: Sentence
    position: int
    tokens: int
    arrived_s: float


_held: Callable[[tuple[Sentence, int, int, float]], Held] = partial(tuple.__new__, Held)
"""A named tuple's own constructor is a function in Python; there is one of these a sentence."""


@dataclass
class StreamBuffer:
    """The splitter's view of one stream.

    `token_budget` is how many tokens of text a window may hold (None: no limit).
    """

    settings: SplitterSettings
    transitions: Mapping[str, Sequence[Cue]]
    state: SplitterState = field(default_factory=SplitterState)
    held: list[Held] = field(default_factory=list)
    tokens: int = 0
    _heard_s: float = 0.0
    _ends: deque[int] = field(default_factory=deque)
    _recent: dict[int, int] = field(default_factory=dict)
    _detected: tuple[tuple[int, int], str] | None = None
    _least: int = 0

    def __post_init__(self) -> None:
        self._recent = dict(self.state.recent)
        limits = self.settings.window_sentences, self.settings.window_sentences_unspaced
        self._least = min(limits)

    @property
    def lang(self) -> str:
        """The stream's language: as declared, else detected from its first sentences."""
        if self.state.lang:
            return self.state.lang
        first = self.held[:10]
        asked = (first[0].sentence.seq if first else -1, len(first))
        if self._detected is None or self._detected[0] != asked:
            self._detected = asked, detect_lang(" ".join(h.sentence.text for h in first))
        return self._detected[1]

    def offer(self, raw: RawText, position: int, now_s: float) -> Intake:
        """Take in a sentence read at Kafka offset `position`; only ACCEPTED is held."""
        self._heard_s = now_s
        held, text, seq = self.held, raw.text, raw.seq
        if not held:
            self._settle_plan(position)
        state = self.state
        if not text.strip():
            self._mark_end(raw)
            return Intake.EMPTY
        if position <= state.emitted_position:
            return Intake.REPEATED
        checksum = crc32(text.encode("utf-8"))
        if seq <= (held[-1].sentence.seq if held else state.emitted_seq):
            seen = self._last_seen().get(seq)
            if seen is None:
                return Intake.OUT_OF_ORDER
            return Intake.REPEATED if seen == checksum else Intake.CONFLICT
        if state.lang is None and raw.lang and (lang := primary_language(raw.lang)):
            self.state = state.model_copy(update={"lang": lang})
        self._recent[seq] = checksum
        if len(self._recent) >= RECENT_SEQS + _FORGOTTEN_AT_ONCE:
            self._last_seen()
        tokens = estimate_tokens(text)
        held.append(_held((raw.sentence(), position, tokens, now_s)))
        self.tokens += tokens
        if raw.end:
            self._mark_end(raw)
        return Intake.ACCEPTED

    def _mark_end(self, raw: RawText) -> None:
        if raw.end and self.held:
            self._ends.append(self.held[-1].sentence.seq)

    def _settle_plan(self, position: int) -> None:
        # Sentences are acknowledged only after their window is out: when reading resumes behind
        # the first sentence of a planned window, that window needs no second sending.
        planned = self.state.planned
        if planned is not None and position > planned.first_position:
            self._advance(planned)

    def due(self, now_s: float, token_budget: int | None) -> CutReason | None:
        """Why a window must be cut now, or None."""
        if not self.held:
            return None
        planned = self.state.planned
        if planned is not None:
            complete = self.held[-1].sentence.seq >= planned.last_seq
            return planned.closed_by if complete else None
        if self._ends and self._up_to_end() <= self._fitting(token_budget):
            return "end"
        if len(self.held) >= self._least and len(self.held) >= self._limit():
            return "count"
        if token_budget is not None and self.tokens >= token_budget:
            return "tokens"
        if now_s - self.held[0].arrived_s >= self.settings.max_age_s:
            return "age"
        return None

    def plan(self, reason: CutReason, token_budget: int | None) -> PlannedCut:
        """Decide where to cut; a cut that was planned before a crash is kept as it was.

        A window takes no more sentences and tokens than its limits, whatever waits behind them,
        and never holds back more than `max_carry_share` of them, so every cut makes progress.
        """
        planned = self.state.planned
        if planned is not None:
            return planned
        up_to_end = self._up_to_end()
        size = min(self._fitting(token_budget), up_to_end)
        cut = size
        if reason in ("count", "tokens") and size > 1:
            earliest = max(1, size - int(size * self.settings.max_carry_share))
            texts = [h.sentence.text for h in self.held[:size]]
            lang = self.lang
            found = last_boundary(texts, lang, earliest, self.transitions.get(lang, ()))
            cut = found if found is not None else size
        return PlannedCut(
            first_seq=self.held[0].sentence.seq,
            first_position=self.held[0].position,
            last_seq=self.held[cut - 1].sentence.seq,
            last_position=self.held[cut - 1].position,
            closed_by=reason,
            carried_from=self.held[cut].sentence.seq if cut < size else None,
            final=reason == "end" and cut == up_to_end,
            splitter_version=SPLITTER_VERSION,
        )

    def with_plan(self, planned: PlannedCut) -> SplitterState:
        """The state to persist before the window of `planned` is sent."""
        self.state = self.state.model_copy(
            update={"planned": planned, "lang": self.lang, "recent": dict(self._last_seen())}
        )
        return self.state

    def quiet_s(self, now_s: float) -> float:
        """Seconds since the stream was heard of; 0 while sentences are held."""
        return 0.0 if self.held else now_s - self._heard_s

    def to_keep(self) -> SplitterState:
        """The state to persist before the buffer of a quiet stream is dropped."""
        return self.state.model_copy(update={"recent": dict(self._last_seen())})

    def covered(self, planned: PlannedCut) -> list[Held]:
        """The sentences of a planned cut."""
        return self.held[: self._up_to(planned.last_seq)]

    def take(self, planned: PlannedCut) -> list[Held]:
        """Remove and return the sentences of a planned cut; the carried ones stay."""
        count = self._up_to(planned.last_seq)
        taken, self.held = self.held[:count], self.held[count:]
        self.tokens -= sum(h.tokens for h in taken)
        self._advance(planned)
        return taken

    def _advance(self, planned: PlannedCut) -> None:
        self.state = self.state.model_copy(
            update={
                "emitted_seq": planned.last_seq,
                "emitted_position": planned.last_position,
                "carried_from": planned.carried_from,
                "planned": None,
            }
        )
        while self._ends and self._ends[0] <= planned.last_seq:
            self._ends.popleft()

    def _up_to_end(self) -> int:
        if not self._ends:
            return len(self.held)
        return self._up_to(self._ends[0])

    def _up_to(self, seq: int) -> int:
        """How many sentences are held up to `seq`."""
        return bisect_right(self.held, seq, key=_seq_of)

    def _fitting(self, token_budget: int | None) -> int:
        size = min(len(self.held), self._limit())
        if token_budget is None or self.tokens <= token_budget:
            return size
        tokens = 0
        for count, h in enumerate(self.held[:size]):
            tokens += h.tokens
            if tokens > token_budget:
                return max(count, 1)
        return size

    def _limit(self) -> int:
        if is_spaced(self.lang):
            return self.settings.window_sentences
        return self.settings.window_sentences_unspaced

    def _last_seen(self) -> dict[int, int]:
        for seq in list(self._recent)[:-RECENT_SEQS]:
            del self._recent[seq]
        return self._recent


def _seq_of(held: Held) -> int:
    return held.sentence.seq


def estimate_tokens(text: str) -> int:
    """A cautious count of a text's tokens: a word piece per 3 ASCII characters, 1.2 per other.

    Control characters count as two, which is what they are in a prompt. A token is no more than six
    bytes of JSON.
    """
    if text.isascii() and text.isprintable():
        return 4 + len(text) // 3
    ascii_chars = len(text) if text.isascii() else len(text.encode("ascii", "ignore"))
    control_chars = 0 if text.isprintable() else len(_CONTROL.findall(text))
    return 4 + ascii_chars // 3 + int((len(text) - ascii_chars) * 1.2) + 2 * control_chars
