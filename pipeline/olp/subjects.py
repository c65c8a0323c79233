"""Subject identity along a stream: who was presented before, and who in this window is the same."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache

from pydantic import Field

from schemas.base import Message
from schemas.ids import subject_id
from schemas.messages import Subject
from schemas.role_task import FoundSubject, ResolvedSubject, RoleTask

_MAX_ALIASES = 12
APPLIED_WINDOWS = 64
_MOST_NAMES = 20_000
"""Names whose words are kept: a stream's subjects are gone through for every window."""


class Registry(Message):
    """The subjects of a stream, latest last, and the windows that were already applied.

    `spoken_of` has when each subject was last in a window, as far as that is known.
    """

    subjects: tuple[Subject, ...] = ()
    applied: tuple[str, ...] = ()
    spoken_of: dict[str, datetime] = Field(default_factory=dict)

    def candidates(self, found: Iterable[FoundSubject], most: int) -> tuple[Subject, ...]:
        """Up to `most` earlier subjects to compare with: those of the same name, then the latest
        that share a word, then the latest; in the order in which they were presented.
        """
        found = tuple(found)
        names = {_key(subject.name) for subject in found}
        equal = [s for s in self.subjects if _key(s.name) in names]
        words = {word for subject in found for word in _words(subject.name, subject.aliases)}
        alike = [
            s for s in reversed(self.subjects) if not words.isdisjoint(_words(s.name, s.aliases))
        ]
        ranked = [*reversed(equal), *alike, *reversed(self.subjects)]
        chosen = set(list(dict.fromkeys(s.subject_id for s in ranked))[:most])
        return tuple(s for s in self.subjects if s.subject_id in chosen)

    def spoken_of_since(self, begin: datetime) -> "Registry":
        """The registry without the subjects that were last spoken of before."""
        kept = [s for s in self.subjects if self.spoken_of.get(s.subject_id, begin) >= begin]
        return self.model_copy(update={"subjects": tuple(kept)})

    def after(
        self,
        window: str,
        resolved: Sequence[ResolvedSubject],
        max_subjects: int,
        now: datetime,
    ) -> "Registry":
        """The registry once a window is applied; beyond `max_subjects` the oldest are forgotten."""
        gone = {old for item in resolved for old in item.merged_ids}
        touched = {item.subject.subject_id: item.subject for item in resolved}
        kept = [s for s in self.subjects if s.subject_id not in gone | touched.keys()]
        subjects = (*kept, *touched.values())[-max_subjects:]
        return Registry(
            subjects=subjects,
            applied=(*self.applied, window)[-APPLIED_WINDOWS:],
            spoken_of={
                s.subject_id: now
                if s.subject_id in touched
                else self.spoken_of.get(s.subject_id, now)
                for s in subjects
            },
        )


def resolve(
    task: RoleTask, known: Sequence[Subject], pairs: Iterable[tuple[int, int]]
) -> tuple[ResolvedSubject, ...]:
    """Unite the window's subjects with each other and with earlier ones.

    `pairs` number the earlier subjects from 1, the window's after them. Equal names are the same
    without being told, whatever the pairs say. A name of the window links to one earlier subject
    only, the first that it is paired with: else one wrong pair would merge two subjects for good.
    Two earlier subjects are merged only by a pair of their own; the older identity stays.
    """
    equal = _equal_names(task.subjects, known)
    pairs = sorted(set(pairs) | set(equal))
    offset = len(known)
    survivor = _merge_known(known, pairs)
    by_name = {
        right - offset: survivor[left - 1] for left, right in reversed(equal) if left <= offset
    }
    group_of = _merge_window(task.subjects, pairs, offset, by_name)
    link = {group_of[number]: index for number, index in by_name.items()}
    for left, right in pairs:
        if left <= offset < right:
            link.setdefault(group_of[right - offset], survivor[left - 1])
    groups: dict[tuple[bool, int], list[FoundSubject]] = {}
    for found in task.subjects:
        group = group_of[found.number]
        key = (True, link[group]) if group in link else (False, group)
        groups.setdefault(key, []).append(found)
    resolved = []
    for (is_known, index), members in groups.items():
        earlier = [known[i] for i in range(offset) if survivor[i] == index] if is_known else []
        resolved.append(_unite(task, earlier, members))
    return tuple(resolved)


def _unite(
    task: RoleTask, earlier: Sequence[Subject], members: Sequence[FoundSubject]
) -> ResolvedSubject:
    window = task.window
    first = members[0]
    named: list[Subject | FoundSubject] = [*earlier, *members]
    name = named[0].name
    aliases: dict[str, str] = {}
    for item in named:
        for alias in (item.name, *item.aliases):
            if alias.casefold() != name.casefold():
                aliases.setdefault(alias.casefold(), alias)
    attributes: dict[str, str | None] = {}
    for item in named:
        attributes.update({k: v for k, v in item.attributes.items() if v is not None})
    identity = (
        earlier[0].subject_id
        if earlier
        else subject_id(window.domain, window.stream_id, window.window_id, first.name)
    )
    return ResolvedSubject(
        subject=Subject(
            subject_id=identity,
            name=name,
            aliases=tuple(aliases.values())[:_MAX_ALIASES],
            attributes=attributes,
        ),
        numbers=tuple(member.number for member in members),
        merged_ids=tuple(item.subject_id for item in earlier[1:]),
    )


def _merge_known(known: Sequence[Subject], pairs: Iterable[tuple[int, int]]) -> list[int]:
    survivor = list(range(len(known)))
    for left, right in pairs:
        if right <= len(known):
            old, new = survivor[right - 1], survivor[left - 1]
            survivor = [min(old, new) if s in (old, new) else s for s in survivor]
    return survivor


def _merge_window(
    found: Sequence[FoundSubject],
    pairs: Iterable[tuple[int, int]],
    offset: int,
    by_name: Mapping[int, int],
) -> dict[int, int]:
    group = {subject.number: subject.number for subject in found}
    for left, right in pairs:
        if left > offset:
            a, b = group[left - offset], group[right - offset]
            if len({index for n, index in by_name.items() if group[n] in (a, b)}) <= 1:
                group = {n: min(a, b) if g in (a, b) else g for n, g in group.items()}
    return group


def _equal_names(found: Sequence[FoundSubject], known: Sequence[Subject]) -> list[tuple[int, int]]:
    names = [_key(subject.name) for subject in known] + [_key(f.name) for f in found]
    numbers = [*range(1, len(known) + 1), *(len(known) + f.number for f in found)]
    pairs = []
    for i, left in enumerate(names):
        for j in range(max(i + 1, len(known)), len(names)):
            if left == names[j]:
                pairs.append((numbers[i], numbers[j]))
    return pairs


@lru_cache(maxsize=_MOST_NAMES)
def _key(name: str) -> str:
    return " ".join(name.casefold().split())


@lru_cache(maxsize=_MOST_NAMES)
def _words(name: str, aliases: tuple[str, ...]) -> frozenset[str]:
    words: set[str] = set()
    for text in (name, *aliases):
        folded = _key(text)
        words.update(word for word in folded.split() if len(word) > 2)
        if not folded.isascii():
            words.update(folded[i : i + 2] for i in range(len(folded) - 1))
    return frozenset(words)
