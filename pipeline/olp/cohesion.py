"""Finds where the last subject of a buffer begins, so that a cut does not go through it."""

import re
from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from pipeline.language import is_spaced

_WORD = re.compile(r"\w+")
_LONG = 4
_LONG_WORD = re.compile(rf"\w{{{_LONG},}}")
_STEM = 8
_SPACED = {code: " " for code in range(128) if not re.match(r"\w|\n", chr(code))}
_BLOCK = 6
_MIN_DEPTH = 0.25
_NO_TERM, _LINE_END, _FIRST_TERM = range(3)
_GAPS_AT_ONCE = 64
"""Bounds the matrix of sentences and terms, however long a window is."""

Numbers = npt.NDArray[np.int64]


class Cue(Protocol):
    """A pattern of words that may be in a sentence."""

    def last_in(self, texts: Sequence[str], earliest: int, /) -> int | None:
        """The last index, from `earliest` on, of a text that has it; None if there is none."""
        ...


def last_boundary(
    texts: Sequence[str], lang: str, earliest: int, transitions: Sequence[Cue]
) -> int | None:
    """The index in `texts` at which the last subject begins, or None if no border is seen.

    Only indices from `earliest` on are considered. A transition phrase ("next up", 接下来) wins;
    else the gap where the words before and after differ most, if it is deep enough (Hearst,
    TextTiling, Computational Linguistics 23(1), 1997: depth of a gap's cohesion against the
    peaks beside it).
    """
    earliest = max(earliest, 1)
    found = [cue.last_in(texts, earliest) for cue in transitions]
    last = max((index for index in found if index is not None), default=None)
    return last if last is not None else _deepest_gap(texts, lang, earliest)


def _deepest_gap(texts: Sequence[str], lang: str, earliest: int) -> int | None:
    if len(texts) < 2 * _BLOCK:
        return None
    # What lies further back has no say in the gaps that may be chosen.
    first = max(min(_BLOCK // 2, earliest), earliest - 2 * _BLOCK)
    cohesion = _cohesion(texts[max(first - _BLOCK, 0) :], lang)
    begin, end = min(first, _BLOCK), len(cohesion) - _BLOCK // 2
    near = cohesion[begin:end]
    most = max(near, default=0.0)
    best, best_depth = None, _MIN_DEPTH
    for place in range(earliest - first, len(near)):
        if 2 * (most - near[place]) < best_depth:
            continue
        left = max(near[max(place - 2 * _BLOCK, 0) : place + 1])
        right = max(near[place : place + 2 * _BLOCK + 1])
        depth = left + right - 2 * near[place]
        if depth >= best_depth:
            best, best_depth = first + place, depth
    return best


def _cohesion(texts: Sequence[str], lang: str) -> list[float]:
    """The likeness (cosine) of the sentences before and after each sentence's beginning."""
    found: list[float] = []
    for begin in range(0, len(texts), _GAPS_AT_ONCE):
        low = max(begin - _BLOCK, 0)
        near = texts[low : begin + _GAPS_AT_ONCE + _BLOCK]
        likeness = _likeness(len(near), *_occurrences(near, lang))
        found += likeness[begin - low : begin - low + _GAPS_AT_ONCE]
    return found


def _likeness(sentences: int, lines: Numbers, terms: Numbers, distinct: int) -> list[float]:
    """Of `sentences` sentences; the occurrence of `terms[i]`, one of `distinct`, is in `lines[i]`.

    Rows of nothing lie before and behind, so that a block of sentences never ends outside.
    """
    height, width = sentences + 2 * _BLOCK, distinct + _FIRST_TERM
    places = (lines + (_BLOCK + 1)) * width + terms
    counts = np.bincount(places, minlength=height * width)
    counted = counts.reshape(height, width)[:, _FIRST_TERM:]
    sums = np.cumsum(counted, axis=0, dtype=np.float64)
    blocks = sums[_BLOCK:] - sums[:-_BLOCK]
    squares = np.einsum("ij,ij->i", blocks, blocks)
    dots = np.einsum("ij,ij->i", blocks[:-_BLOCK], blocks[_BLOCK:])
    norms = np.sqrt(squares[:-_BLOCK] * squares[_BLOCK:])
    found: list[float] = np.divide(dots, norms, out=np.zeros(sentences), where=norms > 0).tolist()
    return found


class _TermNumbers(dict[str, int]):
    """Words to the numbers of their terms: their stems, if they are long enough."""

    def __init__(self) -> None:
        super().__init__({"\n": _LINE_END})
        self.stems: dict[str, int] = {}

    def __missing__(self, word: str) -> int:
        number = _NO_TERM
        if len(word) >= _LONG:
            number = self.stems.setdefault(word[:_STEM], len(self.stems) + _FIRST_TERM)
        self[word] = number
        return number


def _occurrences(texts: Sequence[str], lang: str) -> tuple[Numbers, Numbers, int]:
    """In which text each occurrence of a term is, which term it is, and how many terms there are.

    They are numbered from `_FIRST_TERM` on; what has a lower number is none.
    Terms are the words by which sentences are compared, cut to their stems; without spaces, pairs
    of characters.
    """
    together = "\n".join(texts)
    if is_spaced(lang) and together.isascii() and together.count("\n") == len(texts) - 1:
        # All at once and without the pattern: many times as fast, and for ASCII the same.
        known = _TermNumbers()
        words = together.lower().translate(_SPACED).replace("\n", " \n ").split(" ")
        numbers = np.fromiter(map(known.__getitem__, words), np.int64, len(words))
        return np.cumsum(numbers == _LINE_END), numbers, len(known.stems)
    terms = [_terms(text, lang) for text in texts]
    flat = [term for sentence in terms for term in sentence]
    distinct = dict.fromkeys(flat)
    number_of = {term: number for number, term in enumerate(distinct, _FIRST_TERM)}
    lines = np.repeat(np.arange(len(terms)), [len(sentence) for sentence in terms])
    return lines, np.array([number_of[term] for term in flat], np.int64), len(distinct)


def _terms(text: str, lang: str) -> list[str]:
    if is_spaced(lang):
        return [word[:_STEM] for word in _LONG_WORD.findall(text.casefold())]
    joined = [word for word in _WORD.findall(text.casefold()) if not word.isascii()]
    return [word[i : i + 2] for word in joined for i in range(len(word) - 1)]
