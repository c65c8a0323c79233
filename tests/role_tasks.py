"""Builds windows and role tasks over a small domain that exists for tests only."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from pipeline.domains import Attribute, Category, CueSet, Domain, SubjectGuide
from schemas.messages import ProducedBy, Sentence, Subject, Window
from schemas.role_task import FoundSubject, OrganizedSentence, ResolvedSubject, RoleTask, Span
from schemas.roles import Role

AT = datetime(2026, 1, 1, tzinfo=UTC)
_NO_CUES = CueSet({}, {})


def _category(name: str) -> Category:
    return Category(name, {"en": f"About the {name}.", "ru": f"{name} по-русски"}, {}, {})


GARDEN = Domain(
    name="garden",
    languages=("en", "ru"),
    subject=SubjectGuide({"en": "plant", "ru": "растение"}, {"en": "Anything that grows."}),
    attributes=(Attribute("height", {"en": "How tall it grows."}),),
    categories=(_category("care"), _category("look"), _category("place")),
    filler=_NO_CUES,
    transitions={},
    prompts={"topic_finder": {"en": "Name the plants.", "ru": "Назовите растения."}},
)


def window(
    texts: Sequence[str],
    first_seq: int = 1,
    window_id: str = "window-1",
    lang: str = "en",
    stream_id: str = "walk",
    gap: int = 1,
) -> Window:
    """A window of `texts` whose seqs start at `first_seq` and are `gap` apart."""
    return Window(
        window_id=window_id,
        domain=GARDEN.name,
        stream_id=stream_id,
        lang=lang,
        sentences=tuple(
            Sentence(seq=first_seq + gap * place, text=text) for place, text in enumerate(texts)
        ),
        closed_by="count",
        splitter_version="test",
        at=AT,
    )


def found(*names: str, aliases: Mapping[str, Sequence[str]] | None = None) -> list[FoundSubject]:
    """Subjects numbered from 1."""
    known = aliases or {}
    return [
        FoundSubject(number=number, name=name, aliases=tuple(known.get(name, ())))
        for number, name in enumerate(names, start=1)
    ]


def subject(name: str, subject_id: str | None = None, aliases: Sequence[str] = ()) -> Subject:
    """A subject of the stream; its id follows its name."""
    return Subject(subject_id=subject_id or f"id-{name}", name=name, aliases=tuple(aliases))


def resolved(name: str, *numbers: int, merged: Sequence[str] = ()) -> ResolvedSubject:
    """A subject that unites the window's subjects `numbers`."""
    return ResolvedSubject(subject=subject(name), numbers=numbers, merged_ids=tuple(merged))


def role_task(
    role: Role,
    of: Window,
    subjects: Iterable[FoundSubject] = (),
    spans: Iterable[tuple[int, int, int]] = (),
    identities: Iterable[ResolvedSubject] = (),
    organized: Iterable[OrganizedSentence] = (),
    produced_by: Mapping[str, ProducedBy] | None = None,
) -> RoleTask:
    """A task; `spans` are (subject, first seq, last seq)."""
    return RoleTask(
        role=role,
        window=of,
        subjects=tuple(subjects),
        spans=tuple(Span(subject=who, first=first, last=last) for who, first, last in spans),
        resolved=tuple(identities),
        organized=tuple(organized),
        produced_by=dict(produced_by or {}),
    )


def sorted_in(who: int, seq: int, *categories: str, quote: str | None = None) -> OrganizedSentence:
    """A sentence of subject `who` with its categories."""
    return OrganizedSentence(subject=who, seq=seq, categories=categories, quote=quote)
