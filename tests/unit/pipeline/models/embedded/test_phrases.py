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


def test_two_things_of_one_kind_one_after_the_other_are_two_heads() -> None:
    texts = ("the straw hat", "a straw hat", "this hat", "the felt hat", "our felt hat")
    hats = [head for head in heads(texts, "en") if head.stem == "hat"]
    assert [{phrase.text for phrase in head.names} for head in hats] == [
        {"straw hat"},
        {"felt hat"},
    ]
    assert all(2 in head.rows for head in hats)


def test_names_of_one_thing_that_alternate_stay_one_head() -> None:
    texts = ("the straw hat", "the summer hat", "a straw hat", "that summer hat")
    assert len([head for head in heads(texts, "en") if head.stem == "hat"]) == 1


def test_what_follows_words_that_show_a_thing_is_presented() -> None:
    shown, told, passing = heads(
        ("this is our umbrella", "number six is next", "like a ladder in the rain"), "en"
    )[:3]
    assert shown.presented_rows == {0}
    assert told.presented_rows == {1}
    assert not passing.presented_rows


def test_the_short_form_of_a_chinese_name_belongs_to_it() -> None:
    found = {head.stem: head for head in heads(("这个收纳箱很大", "箱子可以折叠"), "zh")}
    assert found["收纳箱"].rows == (0, 1)
