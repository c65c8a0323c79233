"""What the pipeline published about a window, in the terms that the gold uses."""

from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.olp.records import last_revisions
from schemas.messages import CategorizedRecord
from schemas.role_task import RoleTask


@dataclass(frozen=True)
class FoundSubject:
    """A published subject; `categories` by sentence, `covered` are the places it was located at.

    Places count from 1; a sentence is in `categories` if a record holds it.
    """

    names: tuple[str, ...]
    categories: dict[int, frozenset[str]]
    covered: frozenset[int]

    @property
    def sentences(self) -> frozenset[int]:
        """The sentences of its records."""
        return frozenset(self.categories)


def found_subjects(
    records: Iterable[CategorizedRecord], tasks: Iterable[RoleTask]
) -> tuple[FoundSubject, ...]:
    """The subjects of the standing records, where the locator put them in `tasks`.

    A sentence's seq is its place in the gold window.
    """
    names: dict[str, dict[str, None]] = {}
    categories: dict[str, dict[int, set[str]]] = {}
    for record in last_revisions(records).values():
        subject = record.subject
        for name in (subject.name, *subject.aliases):
            names.setdefault(subject.subject_id, {})[name] = None
        for sentence in record.sentences:
            of_subject = categories.setdefault(subject.subject_id, {})
            of_subject.setdefault(sentence.seq, set()).add(record.category)
    covered: dict[str, set[int]] = {}
    for task in tasks:
        for resolved in task.resolved:
            places = covered.setdefault(resolved.subject.subject_id, set())
            for merged in resolved.merged_ids:
                places |= covered.pop(merged, set())
            for span in task.spans:
                if span.subject in resolved.numbers:
                    places.update(range(span.first, span.last + 1))
    return tuple(
        FoundSubject(
            names=tuple(names[identity]),
            categories={n: frozenset(c) for n, c in sorted(by_sentence.items())},
            covered=frozenset(covered.get(identity, ())),
        )
        for identity, by_sentence in categories.items()
    )
