"""From a gold window and what was published about it to counts, and from counts to figures."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pipeline.evaluation.found import FoundSubject
from pipeline.evaluation.gold import FILLER, GoldSubject, GoldWindow
from pipeline.evaluation.matching import match_subjects
from pipeline.evaluation.tally import Tally, simple

NONE = FILLER
"""In a confusion table: in no record, or no category of the domain."""


@dataclass
class Counts:
    """Sums over windows.

    `ious` holds one intersection over union a gold subject, 0 for one that was not found;
    `confusion` counts sentences by (gold category, found category).
    """

    subjects: Tally = field(default_factory=Tally)
    ious: list[float] = field(default_factory=list)
    sentences: Tally = field(default_factory=Tally)
    categories: dict[str, Tally] = field(default_factory=dict)
    with_also: Tally = field(default_factory=Tally)
    confusion: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, other: "Counts") -> None:
        """Take in another window's counts."""
        self.subjects += other.subjects
        self.ious += other.ious
        self.sentences += other.sentences
        for name, tally in other.categories.items():
            self.categories[name] = self.categories.get(name, Tally()) + tally
        self.with_also += other.with_also
        self.confusion += other.confusion

    @property
    def goodness(self) -> float:
        """One figure to rank by: the mean of sentences F1, categories' micro F1 and macro F1."""
        blocks = self.blocks()
        categories = blocks["categories"]
        return (blocks["sentences"]["f1"] + categories["micro_f1"] + categories["macro_f1"]) / 3

    def blocks(self) -> dict[str, dict[str, float]]:
        """The figures, by block: subjects, sentences, categories."""
        micro = sum(self.categories.values(), Tally())
        each = [tally.f1 for tally in self.categories.values()]
        nothing = float(self.subjects.found == 0)
        return {
            "subjects": {
                "precision": self.subjects.precision,
                "recall": self.subjects.recall,
                "f1": self.subjects.f1,
                "mean_iou": sum(self.ious) / len(self.ious) if self.ious else nothing,
            },
            "sentences": {
                "precision": self.sentences.precision,
                "recall": self.sentences.recall,
                "f1": self.sentences.f1,
            },
            "categories": {
                "micro_f1": micro.f1,
                "macro_f1": sum(each) / len(each) if each else micro.f1,
                "recall": micro.recall,
                "micro_f1_also": self.with_also.f1,
            },
        }


def total(counts: Iterable[Counts]) -> Counts:
    """The sum of several windows' counts."""
    summed = Counts()
    for one in counts:
        summed.add(one)
    return summed


def score_window(gold: GoldWindow, found: Sequence[FoundSubject]) -> Counts:
    """The counts of one window; the definitions are in docs/evaluation.md."""
    matched = match_subjects(gold.subjects, found)
    pairs = [(gold.subjects[g], found[f]) for g, f in matched.items()]
    shared = sum(len(wanted.sentences & given.sentences) for wanted, given in pairs)
    counts = Counts(
        subjects=simple(len(pairs), len(found), len(gold.subjects)),
        ious=[
            _iou(wanted, found[matched[index]]) if index in matched else 0.0
            for index, wanted in enumerate(gold.subjects)
        ],
        sentences=simple(
            shared,
            sum(len(given.sentences) for given in found),
            sum(len(wanted.sentences) for wanted in gold.subjects),
        ),
    )
    _count_categories(gold, found, counts)
    return counts


def _count_categories(gold: GoldWindow, found: Sequence[FoundSubject], counts: Counts) -> None:
    said: dict[int, set[str]] = {}
    for subject in found:
        for place, names in subject.categories.items():
            said.setdefault(place, set()).update(names)
    linked = frozenset[int]().union(*(subject.sentences for subject in gold.subjects))
    right: Counter[str] = Counter()
    given: Counter[str] = Counter()
    wanted: Counter[str] = Counter()
    for place in sorted((linked | said.keys()) & gold.labels.keys()):
        label, names = gold.labels[place], frozenset(said.get(place, ()))
        own = frozenset(() if label.category is None else (label.category,))
        given.update(names)
        if label.category is not None:
            wanted[label.category] += 1
            right[label.category] += label.category in names
        accepted = label.also | own
        meets = bool(names & accepted)
        asked = meets or not label.may_be_filler
        counts.with_also += Tally(len(names & accepted), len(names), int(meets), int(asked))
        gold_name = label.category or NONE
        for name in names or {NONE}:
            counts.confusion[gold_name, name] += 1
    for name in sorted(given.keys() | wanted.keys()):
        counts.categories[name] = simple(right[name], given[name], wanted[name])


def _iou(gold: GoldSubject, found: FoundSubject) -> float:
    first, last = gold.span
    presented = frozenset(range(first, last + 1))
    union = presented | found.covered
    return len(presented & found.covered) / len(union) if union else 0.0
