"""Sentence splitting in three languages, and that no character is lost by it."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.ingest.sentences import split_sentences, unwrap


def sentences(text: str, lang: str) -> list[str]:
    return [sentence.strip() for sentence in split_sentences(text, lang)]


@pytest.mark.parametrize(
    ("lang", "expected"),
    [
        (
            "en",
            ["Dr. Smith paid $3.50 for it.", "Is that cheap?", "Yes!", "It grew vs. last year."],
        ),
        ("en", ["I paid at 5 p.m.", "Then I left.", "I like it.", "iPhone cases are next."]),
        ("en", ["Two steps.", "1. Open the box.", "2. Read."]),
        ("en", ["hello there.", "welcome back."]),
        ("ru", ["Он живёт в г. Москве на ул. Ленина, д. 5.", "Это хорошо?", "Да!"]),
        ("ru", ["Прибыль 3,5 млрд. руб. и 2 млн. в прошлом году.", "А. С. Пушкин ушёл."]),
        ("ru", ["«Пойдём!» — сказал он.", "Дождь."]),
    ],
)
def test_spaced_languages(lang: str, expected: list[str]) -> None:
    assert sentences(" ".join(expected), lang) == expected


def test_chinese_ends_at_its_own_marks_but_not_inside_quotes_and_numbers() -> None:
    expected = [
        "大家好，欢迎！",
        "多少钱呢？",
        "只要99.9元。",
        "“我不信。你呢？”",
        "她问。",
        "真的？！",
        "好",
    ]
    assert sentences("".join(expected), "zh") == expected


def test_a_line_break_ends_no_sentence() -> None:
    assert sentences("This goes on\nhere. And ends.", "en") == ["This goes on\nhere.", "And ends."]


@given(
    st.text(alphabet=st.sampled_from("aBж。.!？?“” \n—12т中"), max_size=200),
    st.sampled_from(["en", "zh", "ru"]),
)
def test_nothing_is_lost(text: str, lang: str) -> None:
    pieces = split_sentences(text, lang)
    assert "".join(pieces) == text
    assert all(pieces)


def test_a_long_text_without_spaces_takes_linear_time() -> None:
    text = "嗯这个很好。" * 20_000
    started_s = time.perf_counter()
    pieces = split_sentences(text, "zh")
    assert len(pieces) == 20_000
    assert time.perf_counter() - started_s < 5


def test_unwrap_joins_with_a_space_where_words_have_one() -> None:
    assert unwrap(" one\n  two ") == "one two"
    assert unwrap("好的\n大家好") == "好的大家好"
    assert unwrap("用 iPhone\n很好") == "用 iPhone 很好"
