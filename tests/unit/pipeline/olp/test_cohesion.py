"""The border before the last subject: by a transition phrase, else by the words."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.olp.caseless import AnyCaseless
from pipeline.olp.cohesion import _FIRST_TERM, _occurrences, last_boundary

ROSES = [f"The roses in bed {n} need water, roses like sunshine and pruning." for n in "abcdefghij"]
BOATS = [f"Harbour boat {n} carries sails, boats leave the harbour early." for n in "abcdefghij"]
ROSES_ZH = [f"玫瑰需要浇水第{n}次玫瑰喜欢阳光修剪" for n in "一二三四五六七八九十"]
BOATS_ZH = [f"港口帆船出海{n}点帆船离开港口很早" for n in "一二三四五六七八九十"]
NEXT_UP = [AnyCaseless(["next up"])]


def test_the_border_lies_where_the_words_change() -> None:
    assert last_boundary(ROSES + BOATS, "en", 1, ()) == 10


def test_chinese_is_compared_by_pairs_of_characters() -> None:
    assert last_boundary(ROSES_ZH + BOATS_ZH, "zh", 1, ()) == 10


def test_one_subject_has_no_border() -> None:
    same = [ROSES[0]] * 20
    assert last_boundary(same, "en", 1, ()) is None


def test_a_transition_phrase_wins_over_the_words() -> None:
    texts = [*ROSES, *BOATS[:4], "Next up, more of that.", *BOATS[5:]]
    assert last_boundary(texts, "en", 1, NEXT_UP) == 14


def test_the_last_transition_phrase_counts() -> None:
    texts = ["next up a", "b", "next up c", "d"]
    assert last_boundary(texts, "en", 1, NEXT_UP) == 2


def test_a_border_too_early_is_not_taken() -> None:
    assert last_boundary([*ROSES, *BOATS], "en", 14, ()) is None
    assert last_boundary(["x", "next up y", "z", "w"], "en", 2, NEXT_UP) is None


@pytest.mark.parametrize("texts", [[], ["one"], ["one", "two"], ["", ""], ["!!!"] * 30])
def test_too_little_to_compare_gives_no_border(texts: list[str]) -> None:
    assert last_boundary(texts, "en", 1, ()) is None


@given(
    st.lists(st.text(max_size=30) | st.sampled_from(["next up"]), max_size=40),
    st.sampled_from(["en", "ru", "zh"]),
    st.integers(0, 45),
)
def test_a_border_is_never_outside_of_what_was_asked_for(
    texts: list[str], lang: str, earliest: int
) -> None:
    found = last_boundary(texts, lang, earliest, NEXT_UP)
    if found is not None:
        assert max(earliest, 1) <= found < len(texts)


def test_a_border_far_back_in_a_long_window_is_found() -> None:
    texts = ROSES * 9 + BOATS * 20
    assert last_boundary(texts, "en", 1, ()) == len(ROSES * 9)
    assert last_boundary(texts, "en", len(texts) - 220, ()) == len(ROSES * 9)


@given(st.lists(st.text(alphabet="aBcDé_1 .,'-\n\t", max_size=30), min_size=1, max_size=4))
def test_the_words_of_ascii_text_are_those_that_a_pattern_finds(texts: list[str]) -> None:
    wanted = [
        (line, word[:8])
        for line, text in enumerate(texts)
        for word in re.findall(r"\w{4,}", text.casefold())
    ]
    number_of = {term: n for n, term in enumerate(dict.fromkeys(word for _, word in wanted))}
    lines, numbers, distinct = _occurrences(texts, "en")
    found = [
        (line, number - _FIRST_TERM)
        for line, number in zip(lines.tolist(), numbers.tolist(), strict=True)
        if number >= _FIRST_TERM
    ]
    assert found == [(line, number_of[word]) for line, word in wanted]
    assert distinct == len(number_of)
