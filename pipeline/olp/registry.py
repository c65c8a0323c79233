"""The subjects of a stream, indexed: a window costs the same however many there are."""

import heapq
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain

from pydantic import Field

from pipeline.olp.subject_names import name_key, name_words
from schemas.base import Message
from schemas.messages import Subject
from schemas.role_task import FoundSubject, ResolvedSubject

APPLIED_WINDOWS = 64


class RegistrySnapshot(Message):
    """A whole registry: its subjects, latest last, and the windows that were applied.

    `spoken_of` has when each subject was last in a window, as far as that is known; `turn` counts
    the windows since the stream began.
    """

    subjects: tuple[Subject, ...] = ()
    applied: tuple[str, ...] = ()
    spoken_of: dict[str, datetime] = Field(default_factory=dict)
    turn: int = 0


class RegistryChange(Message):
    """What one window changes: the subjects that it speaks of, and identities that ended.

    It continues the registry whose last window is `follows`, and makes that of `turn`.
    """

    turn: int
    follows: str
    window: str
    touched: tuple[Subject, ...] = ()
    ended: tuple[str, ...] = ()
    at: datetime


class Registry:
    """The subjects of a stream, in the order in which they were last spoken of."""

    def __init__(
        self,
        subjects: Iterable[Subject] = (),
        applied: Iterable[str] = (),
        spoken_of: Mapping[str, datetime] | None = None,
        turn: int = 0,
    ) -> None:
        self.turn = turn
        self._applied = deque(applied, maxlen=APPLIED_WINDOWS)
        self._subjects: dict[str, Subject] = {}
        self._rank: dict[str, int] = {}
        self._ranks = 0
        self._named: dict[str, dict[str, None]] = {}
        self._wordy: dict[str, dict[str, None]] = {}
        self._spoken_of: dict[str, datetime] = {}
        self._undated: set[str] = set()
        for subject in subjects:
            self._put(subject, (spoken_of or {}).get(subject.subject_id))

    @classmethod
    def of(cls, snapshot: RegistrySnapshot) -> "Registry":
        """The registry that a snapshot was taken of."""
        return cls(snapshot.subjects, snapshot.applied, snapshot.spoken_of, snapshot.turn)

    def snapshot(self) -> RegistrySnapshot:
        """All of it."""
        return RegistrySnapshot(
            subjects=self.subjects,
            applied=self.applied,
            spoken_of=dict(self._spoken_of),
            turn=self.turn,
        )

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """The subjects, latest last."""
        return tuple(self._subjects.values())

    @property
    def applied(self) -> tuple[str, ...]:
        """The latest windows that were applied, latest last."""
        return tuple(self._applied)

    @property
    def last_spoken_of(self) -> datetime | None:
        """When the latest subject was spoken of; None if there is none, or it is not known."""
        latest = next(reversed(self._subjects), None)
        return None if latest is None else self._spoken_of.get(latest)

    def has(self, window: str) -> bool:
        """Whether the window was applied."""
        return window in self._applied

    def candidates(self, found: Iterable[FoundSubject], most: int) -> tuple[Subject, ...]:
        """Up to `most` earlier subjects to compare with: those of the same name, then the latest
        that share a word, then the latest; in the order in which they were presented.
        """
        found = tuple(found)
        keys = {name_key(subject.name) for subject in found}
        words = {word for subject in found for word in name_words(subject.name, subject.aliases)}
        ranked = chain(
            self._latest_of(self._named.get(key) for key in keys),
            self._latest_of(self._wordy.get(word) for word in words),
            reversed(self._subjects),
        )
        chosen = _first(ranked, most)
        return tuple(self._subjects[i] for i in sorted(chosen, key=self._rank.__getitem__))

    def forget_before(self, begin: datetime) -> None:
        """Forget the subjects that were last spoken of before; those of unknown time stay."""
        gone = []
        for identity in self._subjects:
            at = self._spoken_of.get(identity)
            if at is not None:
                if at >= begin:
                    break
                gone.append(identity)
        for identity in gone:
            self._remove(identity)

    def change(
        self, window: str, resolved: Sequence[ResolvedSubject], now: datetime
    ) -> RegistryChange:
        """What applying a window changes; nothing is changed yet."""
        touched = {item.subject.subject_id: item.subject for item in resolved}
        ended = {old: None for item in resolved for old in item.merged_ids}
        return RegistryChange(
            turn=self.turn + 1,
            follows=self._applied[-1] if self._applied else "",
            window=window,
            touched=tuple(touched.values()),
            ended=tuple(ended),
            at=now,
        )

    def continues(self, change: RegistryChange) -> bool:
        """Whether `change` was made of this very state."""
        last = self._applied[-1] if self._applied else ""
        return change.turn == self.turn + 1 and change.follows == last

    def apply(self, change: RegistryChange, max_subjects: int) -> None:
        """Make a change; beyond `max_subjects` the oldest are forgotten."""
        for identity in change.ended:
            self._remove(identity)
        for subject in change.touched:
            self._remove(subject.subject_id)
            self._put(subject, change.at)
        while len(self._subjects) > max_subjects:
            self._remove(next(iter(self._subjects)))
        for identity in self._undated:
            self._spoken_of[identity] = change.at
        self._undated.clear()
        self._applied.append(change.window)
        self.turn = change.turn

    def _latest_of(self, indexed: Iterable[dict[str, None] | None]) -> Iterator[str]:
        by_rank = [reversed(ids) for ids in indexed if ids]
        return heapq.merge(*by_rank, key=self._rank.__getitem__, reverse=True)

    def _put(self, subject: Subject, at: datetime | None) -> None:
        identity = subject.subject_id
        self._subjects[identity] = subject
        self._rank[identity] = self._ranks
        self._ranks += 1
        self._named.setdefault(name_key(subject.name), {})[identity] = None
        for word in name_words(subject.name, subject.aliases):
            self._wordy.setdefault(word, {})[identity] = None
        if at is None:
            self._undated.add(identity)
        else:
            self._spoken_of[identity] = at

    def _remove(self, identity: str) -> None:
        subject = self._subjects.pop(identity, None)
        if subject is None:
            return
        del self._rank[identity]
        self._spoken_of.pop(identity, None)
        self._undated.discard(identity)
        _drop(self._named, name_key(subject.name), identity)
        for word in name_words(subject.name, subject.aliases):
            _drop(self._wordy, word, identity)


def _first(ranked: Iterable[str], most: int) -> list[str]:
    chosen: dict[str, None] = {}
    for identity in ranked:
        if len(chosen) >= most:
            break
        chosen[identity] = None
    return list(chosen)


def _drop(index: dict[str, dict[str, None]], key: str, identity: str) -> None:
    ids = index[key]
    del ids[identity]
    if not ids:
        del index[key]
