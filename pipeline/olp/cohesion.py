"""Finds where the last subject of a buffer begins, so that a cut does not go through it."""

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from pipeline.language import is_spaced

_WORD = re.compile(r"\w+")
_BLOCK = 6
_MIN_DEPTH = 0.25
_MIN_WORD = 4


def last_boundary(
    texts: Sequence[str], lang: str, earliest: int, transitions: Sequence[re.Pattern[str]]
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
    return _deepest_gap([_terms(text, lang) for text in texts], max(earliest, 1))


def _terms(text: str, lang: str) -> Counter[str]:
    words = _WORD.findall(text.casefold())
    if is_spaced(lang):
        return Counter(word[:8] for word in words if len(word) >= _MIN_WORD)
    joined = [word for word in words if not word.isascii()]
    return Counter(word[i : i + 2] for word in joined for i in range(len(word) - 1))


def _deepest_gap(terms: Sequence[Counter[str]], earliest: int) -> int | None:
    if len(terms) < 2 * _BLOCK:
        return None
    first = min(_BLOCK // 2, earliest)
    gaps = range(first, len(terms) - _BLOCK // 2)
    cohesion = dict(zip(gaps, _similarities(terms, gaps), strict=True))
    best, best_depth = None, _MIN_DEPTH
    for gap in gaps:
        if gap < earliest:
            continue
        left = max(cohesion[other] for other in gaps if gap - 2 * _BLOCK <= other <= gap)
        right = max(cohesion[other] for other in gaps if gap <= other <= gap + 2 * _BLOCK)
        depth = left + right - 2 * cohesion[gap]
        if depth >= best_depth:
            best, best_depth = gap, depth
    return best


def _similarities(terms: Sequence[Counter[str]], gaps: range) -> Iterator[float]:
    """The likeness (cosine) of the sentences before and after each gap, moving along one by one."""
    before, after = _Side(), _Side()
    dot = 0
    for index in range(max(0, gaps.start - _BLOCK), gaps.start):
        before.change(terms[index], 1, after)
    for index in range(gaps.start, gaps.start + _BLOCK):
        if index < len(terms):
            dot += after.change(terms[index], 1, before)
    for gap in gaps:
        norm = math.sqrt(before.square * after.square)
        yield dot / norm if norm else 0.0
        dot += after.change(terms[gap], -1, before)
        dot += before.change(terms[gap], 1, after)
        if gap >= _BLOCK:
            dot += before.change(terms[gap - _BLOCK], -1, after)
        if gap + _BLOCK < len(terms):
            dot += after.change(terms[gap + _BLOCK], 1, before)


class _Side:
    """The terms on one side of a gap, and the square of their counts' length."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.square = 0

    def change(self, terms: Counter[str], sign: int, other: "_Side") -> int:
        """Add or remove a sentence's terms; gives by how much the product with `other` changes."""
        product = 0
        for term, count in terms.items():
            change = sign * count
            was = self.counts.get(term, 0)
            self.counts[term] = was + change
            self.square += change * (2 * was + change)
            product += change * other.counts.get(term, 0)
        return product
