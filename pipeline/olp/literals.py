"""Which texts a pattern cannot be found in, told without searching: it needs one of some words.

A search tries a pattern at every place of a text; whether a word is in it is a single look in C.
"""

import re
from collections.abc import Iterable
from typing import Any

# Python has no other door to its own reading of a pattern; if this one is closed, none is needed.
try:
    from re import _parser as parser  # type: ignore[attr-defined]
except ImportError:
    parser = None

_MOST = 16
"""More texts are not looked for one by one: a search for fewer shorter ones is as good."""
_SHORTEST = 2
_REPEATS = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")
Literals = frozenset[str]


def needed_literals(pattern: str) -> Literals | None:
    """Texts of which one is in every text in which `pattern` is found; None if there are no such.

    The case of letters counts. Raises `re.error` for a malformed pattern.
    """
    if parser is None:
        return None
    parsed = parser.parse(pattern)
    if parsed.state.flags & re.IGNORECASE:
        return None
    needed = _needed(parsed)
    return needed if needed is not None and _shortest(needed) >= _SHORTEST else None


def _needed(items: Iterable[tuple[Any, Any]]) -> Literals | None:
    best: Literals | None = None
    here: Literals = frozenset([""])
    for code, value in items:
        exact = _exact(code, value)
        longer = None if exact is None else _product(here, exact)
        if longer is not None:
            here = longer
            continue
        best = _better(best, here)
        here = frozenset([""]) if exact is None else exact
        if exact is None:
            best = _better(best, _inside(code, value))
    return _better(best, here)


def _inside(code: Any, value: Any) -> Literals | None:
    """What an item needs that is not one of a few texts itself."""
    name = str(code)
    if name == "SUBPATTERN":
        return _needed(value[-1])
    if name == "ATOMIC_GROUP":
        return _needed(value)
    if name in _REPEATS and value[0] > 0:
        return _needed(value[2])
    if name == "BRANCH":
        found = [_needed(branch) for branch in value[1]]
        some = [branch for branch in found if branch is not None]
        return frozenset().union(*some) if len(some) == len(found) else None
    return None


def _exact(code: Any, value: Any) -> Literals | None:
    """All texts that an item stands for, if they are few; "" for a place between characters."""
    name = str(code)
    if name == "LITERAL":
        return frozenset([chr(value)])
    if name == "AT":
        return frozenset([""])
    if name == "SUBPATTERN":
        # With flags of its own, "(?i:...)", letters stand for others too.
        return None if value[1] else _exact_all(value[-1])
    if name == "BRANCH":
        branches = [_exact_all(branch) for branch in value[1]]
        some = [branch for branch in branches if branch is not None]
        return _bounded(frozenset().union(*some)) if len(some) == len(branches) else None
    if name == "IN" and all(str(kind) == "LITERAL" for kind, _ in value):
        return _bounded(frozenset(chr(character) for _, character in value))
    if name in _REPEATS and value[:2] == (0, 1):
        once = _exact_all(value[2])
        return None if once is None else once | {""}
    return None


def _exact_all(items: Iterable[tuple[Any, Any]]) -> Literals | None:
    texts: Literals | None = frozenset([""])
    for code, value in items:
        exact = _exact(code, value)
        texts = None if exact is None or texts is None else _product(texts, exact)
    return texts


def _product(left: Literals, right: Literals) -> Literals | None:
    return _bounded(frozenset(a + b for a in left for b in right))


def _bounded(texts: Literals) -> Literals | None:
    return texts if len(texts) <= _MOST else None


def _shortest(texts: Iterable[str]) -> int:
    return min(map(len, texts))


def _better(left: Literals | None, right: Literals | None) -> Literals | None:
    if left is None or right is None:
        return right if left is None else left
    return right if _shortest(right) > _shortest(left) else left


def shortest(literals: Iterable[str]) -> tuple[str, ...]:
    """The same need in fewer words: what holds another one of them is left out."""
    kept: list[str] = []
    for text in sorted(literals, key=len):
        if not any(other in text for other in kept):
            kept.append(text)
    return tuple(kept)
