"""Spoken numbers become digits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.models.embedded.numbers import with_digits


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("Six hundred and eleven pounds", "611 pounds"),
        ("number twenty-nine", "number 29"),
        ("six seven nine", "679"),
        ("two thousand and five hundred", "2500"),
        ("twenty twenty two", "20 22"),
        ("one and two", "1 and 2"),
        ("a hundred", "a 100"),
        ("someone often", "someone often"),
        ("二百九十九", "299"),
        ("一千二百", "1200"),
        ("三万五千", "35000"),
        ("十三香", "13香"),
        ("四十九块九", "49块9"),
        ("二〇二六", "2026"),
        ("двадцать три тысячи", "23000"),
        ("сто пять", "105"),
        ("", ""),
    ],
)
def test_examples(said: str, written: str) -> None:
    assert with_digits(said) == written


@given(st.integers(1, 9), st.integers(0, 9), st.integers(0, 9))
def test_chinese_hundreds(hundreds: int, tens: int, ones: int) -> None:
    signs = "零一二三四五六七八九"
    said = signs[hundreds] + "百"
    if tens:
        said += signs[tens] + "十"
    elif ones:
        said += "零"
    said += signs[ones] if ones else ""
    assert with_digits(said) == str(100 * hundreds + 10 * tens + ones)
