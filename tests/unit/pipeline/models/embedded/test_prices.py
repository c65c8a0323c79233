"""Prices are read in the words they were said in."""

from __future__ import annotations

import pytest

from pipeline.models.embedded.prices import last_price


@pytest.mark.parametrize(
    ("texts", "lang", "price"),
    [
        (["it was ninety dollars", "now it is twenty nine dollars"], "en", "twenty nine dollars"),
        (["only $ 19.99 today"], "en", "$ 19.99"),
        (["平时一百二十九块，今天七十九块九"], "zh", "七十九块九"),
        (["билет стоит сто двадцать рублей"], "ru", "сто двадцать рублей"),
        (["a very nice lamp"], "en", None),
        ([], "zh", None),
    ],
)
def test_the_last_price_said(texts: list[str], lang: str, price: str | None) -> None:
    assert last_price(texts, lang) == price
