"""What goes in and what comes out: raw text, windows, categorised records, outcomes."""

from datetime import datetime
from operator import lt
from typing import Literal, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass

from schemas.base import Message, Name, NonNegative, Part, Seq, StreamId


# One object each and no more: a process holds many.
@dataclass(frozen=True, slots=True, config=ConfigDict(extra="forbid"))
class Sentence:
    """A sentence of a stream, verbatim."""

    seq: Seq
    text: str


_SET_SEQ = Sentence.__dict__["seq"].__set__
_SET_TEXT = Sentence.__dict__["text"].__set__


class RawText(Part):
    """One sentence or caption on `raw-<domain>`; key = stream_id; unknown fields are ignored.

    `seq` increases within a stream and may have gaps. `end` flushes the stream after this text.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    stream_id: StreamId
    seq: Seq
    text: str
    at: datetime | None = None
    lang: str | None = Field(default=None, max_length=35)
    speaker: str | None = Field(default=None, max_length=200)
    end: bool = False

    def sentence(self) -> Sentence:
        """The sentence of this text; what it has was checked here, and is not checked again."""
        made: Sentence = object.__new__(Sentence)
        _SET_SEQ(made, self.seq)
        _SET_TEXT(made, self.text)
        return made


class Window(Message):
    """Consecutive sentences of a stream that the roles work on together; on `windows`.

    `carried_from` is the first seq that was held back from the previous window's cut.
    """

    window_id: str
    domain: Name
    stream_id: StreamId
    lang: str
    sentences: tuple[Sentence, ...] = Field(min_length=1)
    carried_from: Seq | None = None
    final: bool = False
    closed_by: Literal["count", "age", "tokens", "end"]
    splitter_version: str
    at: datetime

    @property
    def first_seq(self) -> int:
        """The seq of the first sentence."""
        return self.sentences[0].seq

    @property
    def last_seq(self) -> int:
        """The seq of the last sentence."""
        return self.sentences[-1].seq

    @model_validator(mode="after")
    def _seqs_increase(self) -> Self:
        seqs = [sentence.seq for sentence in self.sentences]
        if not all(map(lt, seqs, seqs[1:])):
            raise ValueError("sentences must have increasing seq")
        return self


class ProducedBy(Part):
    """Who did a role's part of a record."""

    model: str
    prompt_version: str
    decision_id: str


class Subject(Part):
    """A product, a story, a theme: what the sentences of a record are about."""

    subject_id: str
    name: Name
    aliases: tuple[Name, ...] = ()
    attributes: dict[str, str | None] = Field(default_factory=dict)


class CategorizedRecord(Message):
    """The sentences of one subject in one category; on `records-<domain>`, key = stream_id.

    Keep the highest `revision` per `record_id`; `op` delete removes it. A subject that is talked
    about without end gets a further record (`part` 1, 2, ...) when one is full.
    """

    record_id: str
    revision: int = Field(ge=1)
    op: Literal["upsert", "delete"]
    domain: Name
    stream_id: StreamId
    window_id: str
    subject: Subject
    category: Name
    part: int = Field(default=0, ge=0)
    sentences: tuple[Sentence, ...]
    span: tuple[Seq, Seq] | None
    produced_by: dict[str, ProducedBy]
    at: datetime

    @model_validator(mode="after")
    def _sentences_match_op(self) -> Self:
        if (self.op == "delete") != (not self.sentences):
            raise ValueError("an upsert has sentences, a delete has none")
        return self


class WindowOutcome(Message):
    """The account of one window, sentence by sentence; on `window-outcomes`, key = stream_id.

    Every sentence of the window is in `recorded` or in `unassigned`. `latency_s` runs from the
    cut of the window to this message.
    """

    window_id: str
    domain: Name
    stream_id: StreamId
    sentences: int = Field(ge=1)
    recorded: tuple[Seq, ...]
    unassigned: tuple[Seq, ...]
    subjects: tuple[Subject, ...]
    upserts: int = Field(ge=0)
    deletes: int = Field(ge=0)
    final: bool
    failed: str | None = None
    latency_s: NonNegative
    at: datetime
