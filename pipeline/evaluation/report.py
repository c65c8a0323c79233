"""The report of an evaluation: figures, languages, confusion, the worst windows side by side."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.evaluation.figures import block
from pipeline.evaluation.page import Heading, Paragraph, Part, Table
from pipeline.evaluation.run import WindowResult
from pipeline.evaluation.scores import NONE, total

WORST = 3
_LONGEST_TEXT = 200
_HEADER = (
    *("subjects P", "R", "F1", "IoU", "sentences P", "R", "F1"),
    *("categories micro F1", "with also", "macro F1", "R", "USD", "runs", "window p50 s", "p95 s"),
)


def report(results: Mapping[str, Sequence[WindowResult]], about: str) -> list[Part]:
    """The page for the rows of an evaluation, by name; `about` says what was evaluated."""
    parts: list[Part] = [Heading(1, "Evaluation"), Paragraph(about), _overview(results)]
    for name, played in results.items():
        parts.append(Heading(2, name))
        parts.append(_languages(played))
        parts += _confusion(played)
        parts += _worst(played)
    return parts


def _overview(results: Mapping[str, Sequence[WindowResult]]) -> Table:
    rows = tuple((name, *_cells(block(played))) for name, played in results.items())
    return Table(("", *_HEADER), rows)


def _languages(played: Sequence[WindowResult]) -> Table:
    langs = sorted({result.gold.lang for result in played})
    rows = [
        (lang, *_cells(block([result for result in played if result.gold.lang == lang])))
        for lang in langs
    ]
    return Table(("language", *_HEADER), tuple(rows))


def _confusion(played: Sequence[WindowResult]) -> list[Part]:
    counts = total(result.counts for result in played).confusion
    names = sorted({name for pair in counts for name in pair} - {NONE})
    columns = (*names, NONE)
    rows = tuple((gold, *(str(counts[gold, found]) for found in columns)) for gold in columns)
    return [
        Heading(3, "Categories: gold (rows) against found (columns)"),
        Paragraph(
            f"Sentences of a gold subject or of a record; {NONE}: in no record, or no category."
        ),
        Table(("", *columns), rows),
    ]


def _worst(played: Sequence[WindowResult]) -> list[Part]:
    def goodness(result: WindowResult) -> float:
        blocks = result.counts.blocks()
        return blocks["sentences"]["f1"] + blocks["categories"]["micro_f1"]

    parts: list[Part] = [Heading(3, "The worst windows, gold against found")]
    for result in sorted(played, key=goodness)[:WORST]:
        figures = result.counts.blocks()
        parts.append(
            Heading(
                4,
                f"{result.gold.name} (pass {result.pass_number}): sentences F1 "
                f"{figures['sentences']['f1']:.2f}, categories micro F1 "
                f"{figures['categories']['micro_f1']:.2f}",
            )
        )
        parts += [Paragraph(f"Came to nothing: {fault}") for fault in result.faults]
        parts.append(_side_by_side(result))
    return parts


def _side_by_side(result: WindowResult) -> Table:
    rows, marked = [], set()
    for place, text in enumerate(result.gold.texts, start=1):
        wanted = [s.names[0] for s in result.gold.subjects if place in s.sentences]
        given = [s.names[0] for s in result.found if place in s.sentences]
        label = result.gold.labels.get(place)
        category = (label.category if label else None) or NONE
        found: Counter[str] = Counter()
        for subject in result.found:
            found.update(subject.categories.get(place, ()))
        rows.append(
            (
                str(place),
                text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…",
                "; ".join(wanted),
                category,
                "; ".join(given),
                ", ".join(sorted(found)),
            )
        )
        if bool(wanted) != bool(given) or (wanted and category not in found and category != NONE):
            marked.add(place - 1)
    header = ("", "sentence", "gold subject", "gold category", "found subject", "found category")
    return Table(header, tuple(rows), frozenset(marked))


def _cells(figures: Mapping[str, Any]) -> tuple[str, ...]:
    subjects, sentences = figures["subjects"], figures["sentences"]
    categories = figures["categories"]
    shares = (
        *(subjects[key] for key in ("precision", "recall", "f1", "mean_iou")),
        *(sentences[key] for key in ("precision", "recall", "f1")),
        *(categories[key] for key in ("micro_f1", "micro_f1_also", "macro_f1", "recall")),
    )
    return (
        *(f"{share:.3f}" for share in shares),
        f"{figures['cost_usd']:.5f}",
        str(figures["runs"]),
        f"{figures['latency_p50_s']:.2f}",
        f"{figures['latency_p95_s']:.2f}",
    )
