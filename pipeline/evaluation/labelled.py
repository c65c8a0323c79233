"""Labelled single sentences (fact, opinion, forecast): read, mapped, and scored as a classifier."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from pipeline.errors import InvalidInputError
from pipeline.evaluation.gold import language_of
from pipeline.evaluation.tally import percentile, simple
from pipeline.language import detect_lang

NO_CATEGORY = "none"
"""What an arm says that puts a sentence in no category, or gives no acceptable answer."""

LABELS: Mapping[str, str | None] = {
    "fact": "fact",
    "opinion": "opinion",
    "forecast": "forecast",
    "obj": "fact",
    "subj": "opinion",
    "mixed": None,
    "uncertain": None,
}
"""Labels of the sets, in lower case, as categories of the news domain; None: left out."""


@dataclass(frozen=True)
class LabelledSentence:
    """A sentence and the category that its label stands for."""

    text: str
    lang: str
    category: str


@dataclass(frozen=True)
class LabelledSet:
    """The sentences of a file; `left_out` counts labels that stand for no category, and empty

    texts; `unknown` are labels that nobody has mapped.
    """

    sentences: tuple[LabelledSentence, ...]
    left_out: int
    unknown: tuple[str, ...]


def read_labelled(
    path: Path,
    text_field: str,
    label_field: str,
    categories: Sequence[str],
    langs: frozenset[str],
    limit: int | None,
    seed: int,
) -> LabelledSet:
    """The labelled sentences of a JSON lines file, at most `limit`, drawn with `seed`.

    A label that is a category's name stands for it. Raises InvalidInputError if nothing is left.
    """
    mapping = {**{name: name for name in categories}, **LABELS}
    kept, left_out, unknown = [], 0, Counter[str]()
    for number, row in enumerate(_rows(path), start=1):
        text, label = row.get(text_field), row.get(label_field)
        if not isinstance(text, str) or not isinstance(label, str):
            raise InvalidInputError(
                f"{path}: row {number} has no text in {text_field!r} and {label_field!r} "
                "(--text-field, --label-field)"
            )
        tag = row.get("lang")
        lang = language_of(tag) if isinstance(tag, str) and tag else detect_lang(text)
        if langs and lang not in langs:
            continue
        name = label.strip().lower()
        category = mapping.get(name)
        if name not in mapping:
            unknown[label] += 1
        if category not in categories or category is None or not text.strip():
            left_out += 1
            continue
        kept.append(LabelledSentence(text, lang, category))
    if not kept:
        told = ", ".join(name for name, _ in unknown.most_common(4))
        raise InvalidInputError(
            f"{path}: no label stands for {', '.join(categories)}"
            + (f"; the labels are {told}" if told else "")
        )
    if limit is not None and len(kept) > limit:
        kept = Random(seed).sample(kept, limit)  # noqa: S311 - a repeatable draw
    return LabelledSet(tuple(kept), left_out, tuple(sorted(unknown)))


def score_labelled(
    sentences: Sequence[LabelledSentence], said: Sequence[str], latencies: Sequence[float]
) -> dict[str, Any]:
    """Accuracy, macro F1 over the classes that the labels have, and the confusion table.

    `said` is the category given to each sentence, or NO_CATEGORY.
    """
    confusion = Counter(
        (sentence.category, answer) for sentence, answer in zip(sentences, said, strict=True)
    )
    classes = sorted({sentence.category for sentence in sentences})
    answers = sorted({answer for _, answer in confusion} | set(classes))
    right = {name: confusion[name, name] for name in classes}
    each = {
        name: simple(
            right[name],
            sum(count for (_, answer), count in confusion.items() if answer == name),
            sum(count for (label, _), count in confusion.items() if label == name),
        )
        for name in classes
    }
    return {
        "accuracy": sum(right.values()) / len(sentences) if sentences else 0.0,
        "macro_f1": sum(tally.f1 for tally in each.values()) / len(each) if each else 0.0,
        "classes": {
            name: {
                "precision": tally.precision,
                "recall": tally.recall,
                "f1": tally.f1,
                "sentences": tally.wanted,
            }
            for name, tally in each.items()
        },
        "confusion": {
            label: {answer: confusion[label, answer] for answer in answers} for label in classes
        },
        "sentences": len(sentences),
        "latency_p50_s": percentile(list(latencies), 0.5),
        "latency_p95_s": percentile(list(latencies), 0.95),
    }


def _rows(path: Path) -> list[dict[str, Any]]:
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"--labels: cannot read {path}: {error}") from None
    rows = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        if not isinstance(row, dict):
            raise InvalidInputError(f"{path}:{number} is not a JSON object")
        rows.append(row)
    return rows
