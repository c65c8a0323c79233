"""Candidate names come from what is repeated and how it is pointed at."""

from __future__ import annotations

from pipeline.models.embedded.phrases import Head, heads


def by_stem(texts: list[str], lang: str) -> dict[str, Head]:
    return {head.stem: head for head in heads(texts, lang)}


def test_plural_and_singular_are_one_head() -> None:
    found = by_stem(["this copper lamp", "many lamps"], "en")
    assert found["lamp"].rows == (0, 1)
    assert {phrase.text for phrase in found["lamp"].phrases} >= {"copper lamp", "lamp", "lamps"}


def test_a_word_inside_a_name_counts_less_than_its_last_word() -> None:
    found = by_stem(["the power bank"], "en")
    assert found["power"].strengths[0] < found["bank"].strengths[0]


def test_chinese_suffixes_are_dropped_and_compounds_kept() -> None:
    found = by_stem(["这双鞋子很软", "鞋子来了"], "zh")
    assert found["鞋"].rows == (0, 1)


def test_numbered_things_are_heads_of_their_own() -> None:
    found = by_stem(["take number sixteen", "Number 16 is back", "number two"], "en")
    assert found["number 16"].rows == (0, 1)
    assert found["number 2"].rows == (2,)


def test_phrases_do_not_cross_punctuation() -> None:
    texts = [phrase.text for head in heads(["lamp, mug"], "en") for phrase in head.phrases]
    assert sorted(texts) == ["lamp", "mug"]
