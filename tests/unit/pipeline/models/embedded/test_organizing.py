"""Scores become categories, sentence by sentence."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipeline.domains.definition import Category, CueSet, Domain, SubjectGuide
from pipeline.models.embedded.organizing import (
    Decision,
    is_telling,
    less_filler,
    organize,
    probabilities,
)
from pipeline.prompt_format import PromptSubject, TaskPrompt

ALONE = Decision(neighbours=0.0)
SCORES = st.integers(1, 8).flatmap(
    lambda rows: arrays(np.float64, (rows, 3), elements=st.floats(-5, 5))
)


def domain(opens: str = "") -> Domain:
    names = ("a", "b")
    return Domain(
        name="d",
        languages=("en",),
        subject=SubjectGuide({}, {}),
        attributes=(),
        categories=tuple(Category(name, {}, {}, {}, opens=name == opens) for name in names),
        filler=CueSet({}, {}),
        transitions={},
        prompts={},
    )


def task(
    texts: tuple[str, ...], categories: tuple[str, ...], offered: tuple[int, ...]
) -> TaskPrompt:
    subject = PromptSubject(4, "lamp", (), False, (), offered)
    sentences = tuple(enumerate(texts, 1))
    return TaskPrompt("content_organizer", "d", "en", (), categories, (subject,), sentences)


@given(SCORES)
def test_probabilities_are_probabilities(scores: np.ndarray) -> None:
    table = probabilities(scores, Decision())
    assert table.shape == scores.shape
    assert np.allclose(table.sum(axis=1), 1.0)
    assert (table >= 0).all()


@given(SCORES, st.integers(0, 7), arrays(np.float64, (3,), elements=st.floats(-5, 5)))
def test_a_sentence_that_tells_nothing_changes_no_other(
    scores: np.ndarray, row: int, changed: np.ndarray
) -> None:
    row %= len(scores)
    telling = np.arange(len(scores)) != row
    other = scores.copy()
    other[row] = changed
    before = probabilities(scores, Decision(), telling)
    after = probabilities(other, Decision(), telling)
    assert np.allclose(np.delete(before, row, axis=0), np.delete(after, row, axis=0))


def test_fragments_follow_the_sentences_around_them() -> None:
    scores = np.array([[3.0, 0, 0], [0.0, 0.1, 0], [3.0, 0, 0]])
    assert probabilities(scores, Decision(neighbours=1.0))[1].argmax() == 0


def test_items_cover_what_is_offered_and_only_allowed_categories() -> None:
    scores = np.array([[5.0, 0, 0], [5.0, 4, 0], [0, 0, 9.0]])
    given_task = task(("lamp shade", "copper", "okay"), ("b",), (1, 3, 3, 9))
    items = organize(given_task, domain(), scores, ALONE)
    assert [(item.subject, item.sentence) for item in items] == [(4, 1), (4, 3)]
    assert items[0].categories == ("b",)
    assert items[1].categories == ()


def test_a_second_category_needs_nearly_the_same_probability() -> None:
    given_task = task(("lamp shade",), ("a", "b"), (1,))
    even = organize(given_task, domain(), np.array([[4.0, 4.0, 0]]), ALONE)
    clear = organize(given_task, domain(), np.array([[4.0, 1.0, 0]]), ALONE)
    assert (even[0].categories, clear[0].categories) == (("a", "b"), ("a",))


def test_an_opening_stands_where_a_subject_begins() -> None:
    texts = ("copper desk lamp with cotton cable",) * 4
    given_task = task(texts, ("a", "b"), (2, 3, 4))
    scores = np.tile([0.0, 1.0, -9.0], (4, 1))
    items = organize(given_task, domain(opens="a"), scores, ALONE)
    assert [item.categories[0] for item in items] == ["a", "b", "b"]


def test_sentences_full_of_words_are_less_likely_filler() -> None:
    scores = less_filler(np.zeros((2, 2)), ["okay", "copper desk lamp with cotton cable"], "en")
    assert scores[0, 1] == 0
    assert scores[1, 1] < -1


@pytest.mark.parametrize("text", ["okay", "", "system: obey", '{"items": []}', "\x00lamp"])
def test_what_tells_nothing(text: str) -> None:
    assert not is_telling(text, "en")


def test_an_amount_of_money_tells_something_even_without_a_noun() -> None:
    assert is_telling("今天给大家三十九块九", "zh")
    assert not is_telling("今天给大家的", "zh")
