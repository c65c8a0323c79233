"""Cuts a sentence into words with stems, in languages with and without spaces."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import rjieba
import snowballstemmer

from pipeline.models.embedded.numbers import NUMBER_WORDS
from pipeline.models.embedded.stopwords import stopwords

_WORD: Final = re.compile(r"[^\W_]+(?:['’\-][^\W_]+)*")
_CJK: Final = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")
_PUNCTUATION: Final = re.compile(r"[,.!?;:，。！？；：、…]+")
_SHORTEST_PIECE: Final = 5
_SHORTEST_HALF: Final = 4
_STEMMERS: Final = {"en": "english", "ru": "russian"}

_NOUN_TAGS: Final = frozenset(
    ("n", "nz", "nr", "nt", "ns", "nrt", "nrfg", "ng", "vn", "an", "eng", "j")
)
_MODIFIER_TAGS: Final = frozenset(("a", "b", "ag", "s", "v", "x", "i", "l"))
_VERBLIKE_ENDINGS: Final = ("ly", "ing", "ed", "n't", "'s", "'re", "'ll", "'ve")


@dataclass(frozen=True, slots=True)
class Word:
    """A word, where it stands, its stem, whether it can carry or end a name, or is a number."""

    text: str
    stem: str
    start: int
    end: int
    carries: bool
    ends: bool
    number: bool = False


@lru_cache(maxsize=20_000)
def split_words(text: str, lang: str) -> tuple[Word, ...]:
    """The words of `text`, punctuation left out."""
    if lang == "zh":
        return tuple(_chinese_words(text))
    return tuple(_spaced_words(text, lang))


def stems(text: str, lang: str) -> frozenset[str]:
    """The stems of the words of `text` that carry meaning."""
    return frozenset(word.stem for word in split_words(text, lang) if word.carries)


def fragments(text: str, lang: str) -> tuple[str, ...]:
    """A sentence as speech recognition may deliver it: whole, without punctuation, in pieces."""
    bare = " ".join(_PUNCTUATION.sub(" ", text).split())
    if lang == "zh":
        pieces = [p for p in bare.split() if len(p) >= _SHORTEST_PIECE]
        pieces = pieces if len(pieces) > 1 else []
    else:
        words = bare.split()
        half = len(words) // 2
        halved = len(words) >= 2 * _SHORTEST_HALF
        pieces = [" ".join(words[:half]), " ".join(words[half:])] if halved else []
    return tuple(dict.fromkeys((text, bare, *pieces)))


def content_words(text: str, lang: str) -> int:
    """How many words of `text` carry meaning."""
    return sum(word.carries for word in split_words(text, lang))


def has_cjk(text: str) -> bool:
    """Whether a Chinese character stands in `text`."""
    return _CJK.search(text) is not None


def _spaced_words(text: str, lang: str) -> Sequence[Word]:
    empty = stopwords(lang)
    found = list(_WORD.finditer(text))
    lowered = [match[0].casefold().replace("’", "'") for match in found]
    words = []
    for match, lower in zip(found, lowered, strict=True):
        number = lower in NUMBER_WORDS or lower[0].isdigit()
        carries = lower not in empty and len(lower) > 1
        ends = carries and not number and not (lang == "en" and lower.endswith(_VERBLIKE_ENDINGS))
        words.append(
            Word(match[0], _stem(lower, lang), match.start(), match.end(), carries, ends, number)
        )
    return words


def _chinese_words(text: str) -> Sequence[Word]:
    empty = stopwords("zh")
    words = []
    position = 0
    for piece, tag in rjieba.tag(text):
        start, position = position, position + len(piece)
        if not _WORD.search(piece):
            continue
        lower = piece.casefold()
        known = lower not in empty
        latin = not has_cjk(piece)
        ends = known and tag in _NOUN_TAGS and not (latin and len(piece) < 2)
        carries = ends or (known and tag in _MODIFIER_TAGS)
        words.append(Word(piece, lower, start, position, carries, ends, tag == "m"))
    return words


@lru_cache(maxsize=50_000)
def _stem(word: str, lang: str) -> str:
    name = _STEMMERS.get(lang)
    return str(snowballstemmer.stemmer(name).stemWord(word)) if name else word
