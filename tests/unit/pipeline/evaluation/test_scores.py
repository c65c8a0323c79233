"""Figures counted by hand on small windows."""

import pytest

from pipeline.evaluation.figures import figures
from pipeline.evaluation.run import WindowResult
from pipeline.evaluation.scores import Counts, score_window, total
from tests.unit.pipeline.evaluation.small_gold import given, gold_window, label, wanted

LAMP = wanted("desk lamp/lamp", [1, 2, 3])
ROPE = wanted("jump rope", [5, 6], span=(4, 6))
LABELS = {
    1: label("opening"),
    2: label("description", "price"),
    3: label("price"),
    4: label(None),
    5: label("description", "other"),
    6: label("price"),
}
WINDOW = gold_window([LAMP, ROPE], LABELS)


def test_everything_right() -> None:
    found = [
        given("lamp", {1: "opening", 2: "description", 3: "price"}),
        given("rope", {5: "description", 6: "price"}, covered=[4, 5, 6]),
    ]
    blocks = score_window(WINDOW, found).blocks()
    assert blocks == {
        "subjects": {"precision": 1.0, "recall": 1.0, "f1": 1.0, "mean_iou": 1.0},
        "sentences": {"precision": 1.0, "recall": 1.0, "f1": 1.0},
        "categories": {"micro_f1": 1.0, "macro_f1": 1.0, "recall": 1.0, "micro_f1_also": 1.0},
    }


def test_a_mixed_window_by_hand() -> None:
    """Lamp is found by name with a wrong end, rope is missed, a third thing is made up.

    Sentences: 3 found for the lamp and 3 for the clock, right are 1 and 2, wanted are 5.
    Pairs wanted: 1 opening, 2 description, 3 price, 5 description, 6 price. Pairs found: 1 opening,
    2 price, 3 price, 4 description, 4 price, 6 price; right: 1, 3, 6. F1 by category: opening 1,
    description 0, price 2 * 2 / (4 + 2). With also, 2 is right too (4 of 6), and 5 need not be
    found: of 1, 2, 3 and 6 all are met.
    """
    found = [
        given("the lamp", {1: "opening", 2: "price", 4: "description"}, covered=[1, 2, 3, 4]),
        given("wall clock", {3: "price", 4: "price", 6: "price"}),
    ]
    counts = score_window(WINDOW, found)
    assert counts.goodness == pytest.approx((4 / 11 + 6 / 11 + 5 / 9) / 3)
    blocks = counts.blocks()
    assert blocks["subjects"] == pytest.approx(
        {"precision": 1 / 2, "recall": 1 / 2, "f1": 1 / 2, "mean_iou": (3 / 4 + 0) / 2}
    )
    assert blocks["sentences"] == pytest.approx({"precision": 2 / 6, "recall": 2 / 5, "f1": 4 / 11})
    assert blocks["categories"] == pytest.approx(
        {
            "micro_f1": 2 * 3 / (6 + 5),
            "macro_f1": (1 + 0 + 2 / 3) / 3,
            "recall": 3 / 5,
            "micro_f1_also": 2 * (4 / 6) * 1 / (4 / 6 + 1),
        }
    )


def test_nothing_found_scores_nothing() -> None:
    blocks = score_window(WINDOW, []).blocks()
    assert all(value == 0.0 for block in blocks.values() for value in block.values())


def test_a_window_without_subjects_is_right_if_nothing_is_found() -> None:
    empty = gold_window([], {place: label(None) for place in range(1, 7)})
    assert all(
        value == 1.0
        for block in score_window(empty, []).blocks().values()
        for value in block.values()
    )
    blocks = score_window(empty, [given("lamp", {1: "price"})]).blocks()
    assert all(value == 0.0 for block in blocks.values() for value in block.values())


def test_quoting_everything_has_full_recall_and_pays_in_precision() -> None:
    every = "opening/description/price"
    found = [given("lamp", dict.fromkeys(range(1, 7), every))]
    blocks = score_window(gold_window([LAMP], LABELS), found).blocks()
    assert blocks["sentences"] == pytest.approx({"precision": 3 / 6, "recall": 1.0, "f1": 2 / 3})
    assert blocks["categories"]["recall"] == 1.0
    assert blocks["categories"]["micro_f1"] == pytest.approx(2 * 5 / (18 + 5))


def test_a_duplicate_subject_is_one_right_and_one_wrong() -> None:
    found = [
        given("lamp", {1: "opening", 2: "description", 3: "price"}),
        given("desk lamp", {1: "opening", 2: "description"}),
    ]
    blocks = score_window(gold_window([LAMP], LABELS), found).blocks()
    assert blocks["subjects"]["precision"] == 1 / 2
    assert blocks["subjects"]["recall"] == 1.0
    assert blocks["sentences"] == pytest.approx({"precision": 3 / 5, "recall": 1.0, "f1": 3 / 4})
    assert blocks["categories"]["micro_f1"] == 1.0


def test_a_published_sentence_of_no_subject_is_held_to_its_own_label() -> None:
    window = gold_window([], {1: label("price"), 2: label(None)}, size=2)
    counts = score_window(window, [given("lamp", {1: "price", 2: "price"})])
    assert counts.blocks()["categories"]["micro_f1"] == pytest.approx(2 * 1 / (2 + 1))
    assert counts.blocks()["sentences"]["precision"] == 0.0


def test_counts_are_summed_before_figures_are_read_off() -> None:
    found = given("lamp", {1: "opening", 2: "description", 3: "price"})
    good = score_window(gold_window([LAMP], LABELS), [found])
    bad = score_window(WINDOW, [])
    assert total([good, bad]).blocks()["sentences"]["recall"] == pytest.approx(3 / 8)
    assert total([]).blocks() == Counts().blocks()


def test_the_confusion_table_counts_each_sentence_by_what_was_found() -> None:
    found = [given("lamp", {1: "opening", 2: "price", 4: "description"})]
    confusion = score_window(WINDOW, found).confusion
    assert confusion == {
        ("opening", "opening"): 1,
        ("description", "price"): 1,
        ("price", "other"): 2,
        ("other", "description"): 1,
        ("description", "other"): 1,
    }


def _result(counts: Counts, lang: str, cost: float, latency: float) -> WindowResult:
    gold = gold_window([LAMP], LABELS, name=f"{lang}/talk-{latency}", lang=lang)
    return WindowResult(gold, 1, (), counts, cost, latency, 4, ())


def test_figures_have_the_promised_shape() -> None:
    right = score_window(gold_window([LAMP], LABELS), [given("lamp", {1: "opening"})])
    none = score_window(gold_window([LAMP], LABELS), [])
    told = figures(
        [_result(right, "en", 0.5, 2.0), _result(none, "zh", 0.25, 1.0), _result(none, "zh", 0, 9)]
    )
    assert list(told) == [
        *("subjects", "sentences", "categories"),
        *("cost_usd", "latency_p50_s", "latency_p95_s", "runs", "per_language", "per_window"),
    ]
    assert list(told["subjects"]) == ["precision", "recall", "f1", "mean_iou"]
    assert list(told["sentences"]) == ["precision", "recall", "f1"]
    assert list(told["categories"]) == ["micro_f1", "macro_f1", "recall", "micro_f1_also"]
    assert (told["cost_usd"], told["runs"]) == (0.75, 12)
    assert (told["latency_p50_s"], told["latency_p95_s"]) == (2.0, 9.0)
    assert told["per_language"]["zh"]["subjects"]["recall"] == 0.0
    assert told["per_language"]["en"]["subjects"]["recall"] == 1.0
    assert [window["language"] for window in told["per_window"]] == ["en", "zh", "zh"]
