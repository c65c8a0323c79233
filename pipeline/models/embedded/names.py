"""How alike two names are, whatever their case, plural, script of digits or order of words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from pipeline.models.embedded.numbers import with_digits
from pipeline.models.embedded.words import has_cjk, split_words

_NOT_NAME: Final = re.compile(r"[\W_]+")
_DIGITS: Final = re.compile(r"\d+")


def normal_name(name: str) -> str:
    """Lower case, digits for spoken numbers, single spaces, no punctuation."""
    return _NOT_NAME.sub(" ", with_digits(name)).strip()


def name_tokens(name: str, lang: str) -> frozenset[str]:
    """What of a name is compared: stems, or pairs of characters of the Chinese words."""
    plain = normal_name(name)
    if has_cjk(plain):
        words = [word.stem for word in split_words(plain, "zh") if word.carries]
        pairs = {pair for word in words for pair in _pairs(word)}
        return frozenset(pairs or _pairs(plain.replace(" ", "")))
    stems = {word.stem for word in split_words(plain, lang) if word.carries}
    return frozenset(stems or {word.stem for word in split_words(plain, lang)})


def head_tokens(name: str, lang: str) -> frozenset[str]:
    """The tokens of a name's last word, which says what kind of thing it is."""
    plain = normal_name(name)
    if has_cjk(plain):
        words = [word.stem for word in split_words(plain, "zh") if word.carries]
        return frozenset(_pairs(words[-1] if words else plain.replace(" ", "")[-2:]))
    stems = [word.stem for word in split_words(plain, lang) if word.carries]
    return frozenset(stems[-1:]) or name_tokens(name, lang)


def name_similarity(left: str, right: str, lang: str) -> float:
    """0 to 1; 1 for the same name, high if one contains the other, 0 if numbers disagree.

    Contained names get 0.7 and up: "the camera" may well be "ring camera", or another camera.
    """
    first, second = normal_name(left), normal_name(right)
    if not first or not second:
        return 0.0
    if first == second:
        return 1.0
    if numbers_disagree(left, right):
        return 0.0
    tokens, others = name_tokens(left, lang), name_tokens(right, lang)
    common = len(tokens & others)
    if not common:
        return 0.0
    if tokens == others:
        return 0.95
    jaccard = common / len(tokens | others)
    contained = common / min(len(tokens), len(others))
    if contained == 1.0:
        return 0.7 + 0.25 * jaccard
    return jaccard


def best_similarity(left: Sequence[str], right: Sequence[str], lang: str) -> float:
    """The highest similarity between any name of one and any name of the other."""
    return max((name_similarity(a, b, lang) for a in left for b in right), default=0.0)


def text_tokens(text: str, lang: str) -> frozenset[str]:
    """What a sentence offers to the tokens of names: its stems, or all pairs of characters."""
    plain = normal_name(text)
    spoken = frozenset(word.stem for word in split_words(plain, lang))
    return spoken | _pairs(plain.replace(" ", "")) if has_cjk(plain) else spoken


def _pairs(word: str) -> set[str]:
    return {word[i : i + 2] for i in range(len(word) - 1)} or {word}


def numbers_disagree(left: str, right: str) -> bool:
    """Whether two names carry different numbers, such as two models 13 and 14."""
    first, second = (
        set(_DIGITS.findall(normal_name(left))),
        set(_DIGITS.findall(normal_name(right))),
    )
    return bool(first) and bool(second) and first != second
