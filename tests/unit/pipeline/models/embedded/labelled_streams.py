"""Streams written for the tests, with the subject and category of each sentence, and their scores.

A file's first lines name the language and, by letter, the subjects with their aliases. Each further
line is a sentence after its subject letters (or -) and the letter of its category.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.models.embedded.names import best_similarity
from pipeline.models.embedded.role_answers import OrganizedItem, SubjectSpan
from pipeline.models.embedded.role_arm import RoleMethods
from pipeline.prompt_format import PromptSubject, TaskPrompt

FOLDER = Path(__file__).parent / "streams"
CATEGORIES = {
    "o": "opening",
    "d": "product_description",
    "p": "price_discussion",
    "u": "order_urging",
    "c": "customer_interaction",
    "x": None,
}


@dataclass(frozen=True)
class LabelledSubject:
    """A subject's names and the numbers of the sentences about it."""

    names: tuple[str, ...]
    sentences: frozenset[int]


@dataclass(frozen=True)
class LabelledStream:
    """A stream with what people would say about it; `categories[0]` is of sentence 1."""

    name: str
    lang: str
    texts: tuple[str, ...]
    subjects: tuple[LabelledSubject, ...]
    categories: tuple[str | None, ...]

    def task(self, role: str, subjects: Sequence[PromptSubject] = ()) -> TaskPrompt:
        """The role's task on the whole stream."""
        categories = tuple(name for name in CATEGORIES.values() if name)
        return TaskPrompt(
            role=role,
            domain="ecommerce",
            lang=self.lang,
            attributes=("price",),
            categories=categories if role == "content_organizer" else (),
            subjects=tuple(subjects),
            sentences=tuple(enumerate(self.texts, start=1)),
        )

    def known(self) -> tuple[PromptSubject, ...]:
        """The labelled subjects, offered the sentences that are about them."""
        return tuple(
            PromptSubject(number, s.names[0], s.names[1:], False, (), tuple(sorted(s.sentences)))
            for number, s in enumerate(self.subjects, start=1)
        )


@dataclass
class Score:
    """Hits, false alarms and misses."""

    hits: int = 0
    false: int = 0
    missed: int = 0

    def add(self, said: frozenset[object], right: frozenset[object]) -> None:
        """Count what was said against what is right."""
        self.hits += len(said & right)
        self.false += len(said - right)
        self.missed += len(right - said)

    @property
    def precision(self) -> float:
        return self.hits / max(1, self.hits + self.false)

    @property
    def recall(self) -> float:
        return self.hits / max(1, self.hits + self.missed)

    @property
    def f1(self) -> float:
        return 2 * self.hits / max(1, 2 * self.hits + self.false + self.missed)


def streams(lang: str | None = None) -> tuple[LabelledStream, ...]:
    """All streams, or those of a language."""
    found = (_read(path) for path in sorted(FOLDER.glob("*.txt")))
    return tuple(stream for stream in found if lang in (None, stream.lang))


def locating_score(methods: RoleMethods, chosen: Iterable[LabelledStream]) -> Score:
    """Sentences of the labelled subjects as located and not thrown out by the organizer."""
    score = Score()
    for stream in chosen:
        known = stream.known()
        spans = methods.locate(stream.task("topic_locator", known))
        offered = [_offer(subject, spans) for subject in known]
        items = methods.organize(stream.task("content_organizer", offered))
        for subject, label in zip(known, stream.subjects, strict=True):
            score.add(_kept(items, subject.number), frozenset(label.sentences))
    return score


def category_score(methods: RoleMethods, chosen: Iterable[LabelledStream]) -> Score:
    """Categories of the sentences that are about a subject."""
    score = Score()
    for stream in chosen:
        items = methods.organize(stream.task("content_organizer", stream.known()))
        said = frozenset((item.sentence, name) for item in items for name in item.categories)
        right = frozenset(
            (number, stream.categories[number - 1])
            for subject in stream.subjects
            for number in subject.sentences
        )
        score.add(said, right)
    return score


def finding_score(methods: RoleMethods, chosen: Iterable[LabelledStream]) -> Score:
    """Subjects found under a name like theirs; one that stands for two counts once."""
    score = Score()
    for stream in chosen:
        found = methods.find(stream.task("topic_finder"))
        matched: Counter[int] = Counter()
        for subject in found:
            likeness = [
                best_similarity((subject.name, *subject.aliases), label.names, stream.lang)
                for label in stream.subjects
            ]
            best = max(range(len(likeness)), key=likeness.__getitem__)
            if likeness[best] >= 0.7 and not matched[best]:
                matched[best] += 1
            else:
                score.false += 1
        score.hits += len(matched)
        score.missed += len(stream.subjects) - len(matched)
    return score


def _offer(subject: PromptSubject, spans: Sequence[SubjectSpan]) -> PromptSubject:
    own = [span for span in spans if span.subject == subject.number]
    numbers = {n for span in own for n in range(span.first, span.last + 1)}
    return PromptSubject(
        subject.number, subject.name, subject.aliases, False, (), tuple(sorted(numbers))
    )


def _kept(items: Sequence[OrganizedItem], subject: int) -> frozenset[object]:
    return frozenset(i.sentence for i in items if i.subject == subject and i.categories)


def _read(path: Path) -> LabelledStream:
    lang = ""
    names: dict[str, tuple[str, ...]] = {}
    about: dict[str, set[int]] = {}
    texts: list[str] = []
    categories: list[str | None] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        mark, _, rest = line.partition(" ")
        if mark == "lang":
            lang = rest
        elif len(mark) == 1:
            names[mark] = tuple(name.strip() for name in rest.split("|"))
            about[mark] = set()
        else:
            texts.append(rest)
            categories.append(CATEGORIES[mark[-1]])
            for letter in mark[:-1].replace("-", ""):
                about[letter].add(len(texts))
    subjects = tuple(LabelledSubject(names[key], frozenset(about[key])) for key in names)
    return LabelledStream(path.stem, lang, tuple(texts), subjects, tuple(categories))
