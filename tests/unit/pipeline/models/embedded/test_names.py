"""Names are compared by what they say, not by how they are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.models.embedded.names import best_similarity, name_similarity, numbers_disagree

NAMES = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)


@pytest.mark.parametrize(
    ("left", "right", "lang"),
    [
        ("Desk Lamp", "the desk lamps", "en"),
        ("iPhone thirteen mini", "iphone 13 mini", "en"),
        ("十三号口红", "13号口红", "zh"),
        ("Мост через реку", "мосты через реку", "ru"),
        ("wool scarf", "scarf, wool", "en"),
    ],
)
def test_the_same_name_in_another_dress(left: str, right: str, lang: str) -> None:
    assert name_similarity(left, right, lang) >= 0.9


@pytest.mark.parametrize(
    ("left", "right", "lang"),
    [
        ("lamp", "copper desk lamp", "en"),
        ("水壶", "电热水壶", "zh"),
        ("спутник", "спутник связи", "ru"),
    ],
)
def test_a_name_inside_another_is_likely_the_same(left: str, right: str, lang: str) -> None:
    assert 0.7 <= name_similarity(left, right, lang) < 0.95


@pytest.mark.parametrize(
    ("left", "right", "lang"),
    [
        ("iphone thirteen", "iphone fourteen", "en"),
        ("lamp", "mug", "en"),
        ("口红三号", "口红五号", "zh"),
        ("", "lamp", "en"),
        ("!!!", "lamp", "en"),
    ],
)
def test_other_things_are_unlike(left: str, right: str, lang: str) -> None:
    assert name_similarity(left, right, lang) == 0.0


def test_only_two_different_numbers_disagree() -> None:
    assert numbers_disagree("model 3", "model five")
    assert not numbers_disagree("model 3", "model three")
    assert not numbers_disagree("model", "model 3")


@given(NAMES, NAMES, st.sampled_from(["en", "zh", "ru", "fr"]))
def test_likeness_is_symmetric_and_bounded(left: str, right: str, lang: str) -> None:
    score = name_similarity(left, right, lang)
    assert 0.0 <= score <= 1.0
    assert score == name_similarity(right, left, lang)


def test_the_best_of_all_names_counts() -> None:
    assert best_similarity(["sofa", "desk lamp"], ["rug", "Desk lamps"], "en") >= 0.9
    assert best_similarity([], ["rug"], "en") == 0.0
