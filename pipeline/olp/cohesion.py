"""Finds where the last subject of a buffer begins, so that a cut does not go through it."""

import math
import re
from collections import Counter
from collections.abc import Sequence

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
    cohesion = {gap: _similarity(terms, gap) for gap in gaps}
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


def _similarity(terms: Sequence[Counter[str]], gap: int) -> float:
    before: Counter[str] = sum(terms[max(0, gap - _BLOCK) : gap], Counter())
    after: Counter[str] = sum(terms[gap : gap + _BLOCK], Counter())
    norm = math.sqrt(
        sum(n * n for n in before.values()) * sum(n * n for n in after.values()),
    )
    if norm == 0.0:
        return 0.0
    return sum(n * after[term] for term, n in before.items()) / norm
