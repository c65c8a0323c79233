"""Numbers as people say them in three languages, so that "十三", "thirteen" and "13" are equal."""

from __future__ import annotations

import re
from typing import Final

_SMALL: Final = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
sixteen seventeen eighteen nineteen
ноль один два три четыре пять шесть семь восемь девять десять одиннадцать двенадцать тринадцать
четырнадцать пятнадцать шестнадцать семнадцать восемнадцать девятнадцать
"""
_TENS: Final = """
twenty thirty forty fifty sixty seventy eighty ninety
двадцать тридцать сорок пятьдесят шестьдесят семьдесят восемьдесят девяносто
"""
_HUNDREDS: Final = """
сто двести триста четыреста пятьсот шестьсот семьсот восемьсот девятьсот
"""

_UNITS: Final[dict[str, int]] = {
    **{word: index % 20 for index, word in enumerate(_SMALL.split())},
    **{word: 20 + 10 * (index % 8) for index, word in enumerate(_TENS.split())},
    **{word: 100 * (index + 1) for index, word in enumerate(_HUNDREDS.split())},
    "одна": 1,
    "две": 2,
}
_SCALES: Final[dict[str, int]] = {
    "hundred": 100,
    "thousand": 1000,
    "million": 1_000_000,
    "тысяча": 1000,
    "тысячи": 1000,
    "тысяч": 1000,
    "миллион": 1_000_000,
    "миллиона": 1_000_000,
    "миллионов": 1_000_000,
}
_ZH_DIGITS: Final[dict[str, int]] = {
    **{sign: value for value, sign in enumerate("零一二三四五六七八九")},
    "〇": 0,
    "两": 2,
    "俩": 2,
}
_ZH_SCALES: Final[dict[str, int]] = {"十": 10, "百": 100, "千": 1000, "万": 10_000, "亿": 10**8}
_ZH_NUMBER: Final = re.compile("[零〇一二两俩三四五六七八九十百千万亿]+")

NUMBER_WORDS: Final = frozenset({*_UNITS, *_SCALES})


def with_digits(text: str) -> str:
    """`text` in lower case with every spoken number written in digits."""
    text = _ZH_NUMBER.sub(lambda found: _chinese(found[0]), text.casefold())
    return _join_spoken(re.findall(r"\w+|\W+", text))


def _join_spoken(pieces: list[str]) -> str:
    """Replace runs of number words ("six hundred and eleven") by their value."""
    out: list[str] = []
    run: list[str] = []
    for piece in pieces:
        if piece in NUMBER_WORDS or (run and _joins(piece, run)):
            run.append(piece)
            continue
        out.extend(_flush(run))
        run = []
        out.append(piece)
    out.extend(_flush(run))
    return "".join(out)


def _joins(piece: str, run: list[str]) -> bool:
    """Whether a space, hyphen or "and" stands inside a number: "one hundred and two"."""
    last = next(word for word in reversed(run) if word in NUMBER_WORDS or word == "and")
    return not piece.strip(" -") or (piece == "and" and last in _SCALES)


def _flush(run: list[str]) -> list[str]:
    tail: list[str] = []
    while run and run[-1] not in NUMBER_WORDS:
        tail.insert(0, run.pop())
    words = [word for word in run if word in NUMBER_WORDS]
    return [*_values(words), *tail] if words else tail


def _values(words: list[str]) -> list[str]:
    """The values of number words; digits read one by one ("six seven nine") are joined."""
    if len(words) > 1 and all(word in _UNITS and _UNITS[word] < 10 for word in words):
        return ["".join(str(_UNITS[word]) for word in words)]
    values: list[int] = []
    total = current = 0
    previous = 0
    for word in words:
        if word in _SCALES:
            scale = _SCALES[word]
            current = max(current, 1) * scale
            if scale >= 1000:
                total, current = total + current, 0
            previous = scale
            continue
        value = _UNITS[word]
        if (previous and _fits_below(value, previous)) or not previous:
            current += value
        else:
            values.append(total + current)
            total, current = 0, value
        previous = value if value else 1
    values.append(total + current)
    return [" ".join(str(value) for value in values)]


def _fits_below(value: int, previous: int) -> bool:
    """Whether `value` continues a number whose last word was worth `previous`."""
    if previous >= 100:
        return value < previous
    return previous >= 20 and value < 10


def _chinese(text: str) -> str:
    if not any(sign in _ZH_SCALES for sign in text):
        return "".join(str(_ZH_DIGITS[sign]) for sign in text)
    total = section = digit = 0
    for sign in text:
        if sign in _ZH_DIGITS:
            digit = _ZH_DIGITS[sign]
            continue
        scale = _ZH_SCALES[sign]
        if scale >= 10_000:
            total = (total + section + digit) * scale
            section = 0
        else:
            section += (digit or 1) * scale
        digit = 0
    return str(total + section + digit)
