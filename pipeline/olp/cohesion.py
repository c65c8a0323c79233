"""Finds where the last subject of a buffer begins, so that a cut does not go through it."""

import re
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from pipeline.language import is_spaced

_WORD = re.compile(r"\w+")
_LONG = 4
_LONG_WORD = re.compile(rf"\w{{{_LONG},}}")
_STEM = 8
_SPACED = {code: " " for code in range(128) if not re.match(r"\w|\n", chr(code))}
_BLOCK = 6
_MIN_DEPTH = 0.25
_GAPS_AT_ONCE = 64
"""Bounds the matrix of sentences and terms, however long a window is."""


class Cue(Protocol):
    """A pattern of words that may be in a sentence."""

    def search(self, text: str, /) -> object:
        """Something true if it is."""
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
    for index in range(len(texts) - 1, max(earliest, 1) - 1, -1):
        if any(pattern.search(texts[index]) for pattern in transitions):
            return index
    return _deepest_gap(texts, lang, max(earliest, 1))


def _terms(texts: Sequence[str], lang: str) -> list[list[str]]:
    """The words by which sentences are compared, cut to their stems; without spaces, pairs."""
    if not is_spaced(lang):
        return [_pairs(text) for text in texts]
    together = "\n".join(texts)
    if together.isascii() and together.count("\n") == len(texts) - 1:
        # All at once and without the pattern: three times as fast, and for ASCII the same.
        lines = together.lower().translate(_SPACED).split("\n")
        return [[word[:_STEM] for word in line.split(" ") if word[_LONG - 1 :]] for line in lines]
    return [[word[:_STEM] for word in _LONG_WORD.findall(text.casefold())] for text in texts]


def _pairs(text: str) -> list[str]:
    joined = [word for word in _WORD.findall(text.casefold()) if not word.isascii()]
    return [word[i : i + 2] for word in joined for i in range(len(word) - 1)]


def _deepest_gap(texts: Sequence[str], lang: str, earliest: int) -> int | None:
    if len(texts) < 2 * _BLOCK:
        return None
    # What lies further back has no say in the gaps that may be chosen.
    first = max(min(_BLOCK // 2, earliest), earliest - 2 * _BLOCK)
    cohesion = _cohesion(_terms(texts[max(first - _BLOCK, 0) :], lang))
    begin, end = min(first, _BLOCK), len(cohesion) - _BLOCK // 2
    near = cohesion[begin:end]
    best, best_depth = None, _MIN_DEPTH
    for place in range(earliest - first, len(near)):
        left = max(near[max(place - 2 * _BLOCK, 0) : place + 1])
        right = max(near[place : place + 2 * _BLOCK + 1])
        depth = left + right - 2 * near[place]
        if depth >= best_depth:
            best, best_depth = first + place, depth
    return best


def _cohesion(terms: Sequence[Sequence[str]]) -> list[float]:
    """The likeness (cosine) of the sentences before and after each sentence's beginning."""
    found: list[float] = []
    for begin in range(0, len(terms), _GAPS_AT_ONCE):
        low = max(begin - _BLOCK, 0)
        near = _likeness(terms[low : begin + _GAPS_AT_ONCE + _BLOCK])
        found += near[begin - low : begin - low + _GAPS_AT_ONCE]
    return found


def _likeness(terms: Sequence[Sequence[str]]) -> list[float]:
    flat = [term for sentence in terms for term in sentence]
    numbers = {term: number for number, term in enumerate(dict.fromkeys(flat))}
    if not flat:
        return [0.0] * len(terms)
    lines = np.repeat(np.arange(len(terms)), [len(sentence) for sentence in terms])
    shape = (len(terms), len(numbers))
    places = lines * len(numbers) + np.array([numbers[term] for term in flat])
    counts = np.bincount(places, minlength=shape[0] * shape[1]).reshape(shape)
    sums = np.zeros((len(terms) + 1, len(numbers)))
    np.cumsum(counts, axis=0, out=sums[1:])
    gaps = np.arange(len(terms))
    before = sums[gaps] - sums[np.maximum(gaps - _BLOCK, 0)]
    after = sums[np.minimum(gaps + _BLOCK, len(terms))] - sums[gaps]
    dots = np.einsum("ij,ij->i", before, after)
    norms = np.sqrt(np.einsum("ij,ij->i", before, before) * np.einsum("ij,ij->i", after, after))
    found: list[float] = np.divide(dots, norms, out=np.zeros(len(terms)), where=norms > 0).tolist()
    return found
