"""Turns organised windows into records: upserts with revisions, deletes where a window corrects."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import Field

from pipeline.olp.registry import APPLIED_WINDOWS
from schemas.base import Message, Part, Seq
from schemas.ids import record_id
from schemas.messages import CategorizedRecord, Sentence, Subject
from schemas.role_task import RoleTask


class OpenRecord(Part):
    """A record that can still grow: which part of the subject's category it is, and its content."""

    part: int = 0
    revision: int = 0
    sentences: tuple[Sentence, ...] = ()


class SubjectRecords(Message):
    """What was published about one subject, by category."""

    subject: Subject
    records: dict[str, OpenRecord] = Field(default_factory=dict)


class AppliedWindow(Part):
    """A window whose records are out, and the subjects it touched."""

    window_id: str
    first: Seq
    last: Seq
    subject_ids: tuple[str, ...]


class StreamRecords(Message):
    """The latest windows of a stream that became records."""

    applied: tuple[AppliedWindow, ...] = ()

    def has(self, window: str) -> bool:
        """Whether the window's records are out."""
        return any(item.window_id == window for item in self.applied)


@dataclass
class Changes:
    """What a window changes: records to send, then states to keep, by subject id."""

    records: list[CategorizedRecord] = field(default_factory=list)
    states: dict[str, SubjectRecords] = field(default_factory=dict)
    stream: StreamRecords = field(default_factory=StreamRecords)
    recorded: tuple[int, ...] = ()
    unassigned: tuple[int, ...] = ()
    subjects: tuple[Subject, ...] = ()


def apply_window(
    task: RoleTask,
    stream: StreamRecords,
    load: Callable[[str], SubjectRecords | None],
    at: datetime,
    max_sentences: int,
) -> Changes:
    """The changes that a checked window makes to its stream's records.

    For every subject it touches, what was said of the window's range before is replaced by what
    is said now; so are subjects that an earlier window of an overlapping range had put there.
    `load` gives the published records of a subject id. Only records that can still grow are
    corrected, full ones stay as they are. Applying the latest window twice changes nothing unless
    it filled a record: ask `StreamRecords.has` first.
    """
    window = task.window
    book = _Book(task, load, at, max_sentences)
    for item in stream.applied:
        if item.first <= window.last_seq and window.first_seq <= item.last:
            for identity in item.subject_ids:
                book.clear_range(identity)
    for resolved in task.resolved:
        for old in resolved.merged_ids:
            book.merge(old, resolved.subject)
        book.touch(resolved.subject)
    texts = {sentence.seq: sentence for sentence in window.sentences}
    recorded = set()
    for organized in task.organized:
        subject = task.resolved[organized.subject - 1].subject
        for category in organized.categories:
            book.add(subject.subject_id, category, texts[organized.seq])
            recorded.add(organized.seq)
    changes = book.close()
    applied = AppliedWindow(
        window_id=window.window_id,
        first=window.first_seq,
        last=window.last_seq,
        subject_ids=tuple(item.subject.subject_id for item in task.resolved),
    )
    others = tuple(item for item in stream.applied if item.window_id != window.window_id)
    changes.stream = StreamRecords(applied=(*others, applied)[-APPLIED_WINDOWS:])
    changes.recorded = tuple(sorted(recorded))
    changes.unassigned = tuple(seq for seq in texts if seq not in recorded)
    changes.subjects = tuple(item.subject for item in task.resolved)
    return changes


class _Book:
    """The subjects a window touches, before and after."""

    def __init__(
        self,
        task: RoleTask,
        load: Callable[[str], SubjectRecords | None],
        at: datetime,
        max_sentences: int,
    ) -> None:
        self._task = task
        self._load = load
        self._at = at
        self._max = max_sentences
        self._before: dict[str, SubjectRecords | None] = {}
        self._subjects: dict[str, Subject] = {}
        self._content: dict[str, dict[str, dict[int, Sentence]]] = {}

    def touch(self, subject: Subject) -> None:
        """The subject is presented in this window: its range is written anew."""
        self.clear_range(subject.subject_id, subject)
        self._subjects[subject.subject_id] = subject

    def clear_range(self, identity: str, subject: Subject | None = None) -> None:
        """Take what was said of the window's range out of the subject's records."""
        if identity in self._content:
            return
        before = self._load(identity)
        if before is None and subject is None:
            return
        self._before[identity] = before
        known = before.subject if before is not None else subject
        if known is not None:
            self._subjects[identity] = known
        first, last = self._task.window.first_seq, self._task.window.last_seq
        self._content[identity] = {
            category: {s.seq: s for s in record.sentences if not first <= s.seq <= last}
            for category, record in (before.records if before is not None else {}).items()
        }

    def merge(self, old: str, into: Subject) -> None:
        """The identity `old` ends: its open records go over to `into`.

        Its revisions are kept: a window that was checked late may still speak of it.
        """
        self.clear_range(old)
        self.touch(into)
        for category, sentences in self._content.get(old, {}).items():
            for sentence in sentences.values():
                self.add(into.subject_id, category, sentence)
        if old in self._content:
            self._content[old] = {category: {} for category in self._content[old]}

    def add(self, identity: str, category: str, sentence: Sentence) -> None:
        """Put a sentence into a category of the subject."""
        self._content[identity].setdefault(category, {})[sentence.seq] = sentence

    def close(self) -> Changes:
        """Compare before and after."""
        changes = Changes()
        for identity, content in self._content.items():
            before = self._before[identity]
            old = before.records if before is not None else {}
            records = {
                category: self._revise(
                    changes, identity, category, old.get(category, OpenRecord()), sentences
                )
                for category, sentences in sorted(content.items())
            }
            subject = self._subjects[identity]
            changes.states[identity] = SubjectRecords(subject=subject, records=records)
        return changes

    def _revise(
        self,
        changes: Changes,
        identity: str,
        category: str,
        old: OpenRecord,
        content: Mapping[int, Sentence],
    ) -> OpenRecord:
        sentences = [content[seq] for seq in sorted(content)]
        record = old
        while True:
            chunk = tuple(sentences[: self._max])
            sentences = sentences[self._max :]
            if chunk != record.sentences:
                revision = record.revision + 1
                record = OpenRecord(part=record.part, revision=revision, sentences=chunk)
                changes.records.append(self._record(identity, category, record))
            if not sentences:
                return record
            record = OpenRecord(part=record.part + 1)

    def _record(self, identity: str, category: str, record: OpenRecord) -> CategorizedRecord:
        window = self._task.window
        sentences = record.sentences
        return CategorizedRecord(
            record_id=record_id(window.domain, window.stream_id, identity, category, record.part),
            revision=record.revision,
            op="upsert" if sentences else "delete",
            domain=window.domain,
            stream_id=window.stream_id,
            window_id=window.window_id,
            subject=self._subjects[identity],
            category=category,
            part=record.part,
            sentences=sentences,
            span=(sentences[0].seq, sentences[-1].seq) if sentences else None,
            produced_by=self._task.produced_by,
            at=self._at,
        )


def last_revisions(records: Iterable[CategorizedRecord]) -> dict[str, CategorizedRecord]:
    """The standing records: highest revision per `record_id`, deleted ones left out."""
    latest: dict[str, CategorizedRecord] = {}
    for record in records:
        seen = latest.get(record.record_id)
        if seen is None or record.revision > seen.revision:
            latest[record.record_id] = record
    return {key: record for key, record in latest.items() if record.op == "upsert"}
