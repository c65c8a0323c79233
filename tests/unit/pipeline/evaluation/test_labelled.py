"""Labelled sentences: what the labels stand for, and figures counted by hand."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import InvalidInputError
from pipeline.evaluation.labelled import (
    NO_CATEGORY,
    LabelledSentence,
    LabelledSet,
    read_labelled,
    score_labelled,
)

CATEGORIES = ("fact", "opinion", "forecast")


def read(
    path: Path, *rows: object, langs: frozenset[str] = frozenset(), **given: Any
) -> LabelledSet:
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    path.write_text("\n".join(lines) + "\n\n", encoding="utf-8")
    options = {"text_field": "text", "label_field": "label", "limit": None, "seed": 0, **given}
    return read_labelled(path, categories=CATEGORIES, langs=langs, **options)


def row(text: str, label: object, **more: object) -> dict[str, object]:
    return {"text": text, "label": label, **more}


def test_labels_stand_for_categories(tmp_path: Path) -> None:
    found = read(
        tmp_path / "set.jsonl",
        row("It rained.", "OBJ", lang="en"),
        row("Дождь был ужасен.", "SUBJ"),
        row("Rain is near.", "forecast", lang="cn"),
        row("Who knows.", "mixed"),
        row("Hm.", "Sports"),
        row(" ", "fact"),
    )
    assert [(s.lang, s.category) for s in found.sentences] == [
        ("en", "fact"),
        ("ru", "opinion"),
        ("zh", "forecast"),
    ]
    assert found.left_out == 3
    assert found.unknown == ("Sports",)


def test_a_draw_is_repeatable_and_languages_are_chosen(tmp_path: Path) -> None:
    rows = [row(f"It rained {n} times.", "fact", lang="ru" if n % 2 else "en") for n in range(40)]
    path = tmp_path / "set.jsonl"
    first, again = (read(path, *rows, limit=5, seed=3).sentences for _ in range(2))
    assert first == again
    assert len(first) == 5
    assert {s.lang for s in read(path, *rows, langs=frozenset({"ru"})).sentences} == {"ru"}


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([row("A goal!", "Sports")], "no label stands for fact, opinion, forecast; the labels are"),
        ([{"text": "It rained."}], "row 1 has no text in 'text' and 'label'"),
        (["{"], "set.jsonl:1 is not a JSON object"),
        (["[]"], "set.jsonl:1 is not a JSON object"),
        ([], "no label stands for"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_in_a_line(
    tmp_path: Path, rows: list[object], told: str
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read(tmp_path / "set.jsonl", *rows)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_told_in_a_line(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="--labels: cannot read"):
        read_labelled(tmp_path / "no", "text", "label", CATEGORIES, frozenset(), None, 0)


def test_figures_by_hand() -> None:
    """Facts: 2 of 3 known, 1 opinion taken for one. F1 2/3; opinions: P 1, R 1/2, F1 2/3."""
    sentences = [LabelledSentence("x", "en", c) for c in ("fact",) * 3 + ("opinion",) * 2]
    said = ["fact", "fact", NO_CATEGORY, "opinion", "fact"]
    figures = score_labelled(sentences, said, [0.1, 0.2, 0.3, 0.4, 0.5])
    assert figures["accuracy"] == pytest.approx(3 / 5)
    assert figures["macro_f1"] == pytest.approx(2 / 3)
    assert figures["confusion"] == {
        "fact": {"fact": 2, NO_CATEGORY: 1, "opinion": 0},
        "opinion": {"fact": 1, NO_CATEGORY: 0, "opinion": 1},
    }
    assert (figures["latency_p50_s"], figures["latency_p95_s"]) == (0.3, 0.5)


def test_a_class_that_no_label_has_counts_only_as_wrong() -> None:
    figures = score_labelled([LabelledSentence("x", "en", "fact")], ["forecast"], [0.1])
    assert set(figures["classes"]) == {"fact"}
    assert (figures["accuracy"], figures["macro_f1"]) == (0.0, 0.0)
