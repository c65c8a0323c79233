"""Patterns that are found whatever their case, without the price of a search that ignores case.

Such a search takes Python's `re` two to three times as long as one in a text that is lower case
already. For ASCII both are the same, if the pattern itself is lower case.
"""

import re
from collections.abc import Iterable

from pipeline.olp.literals import needed_literals, shortest

_SIMPLE_ESCAPE = re.compile(r"\\[bBdDsSwW.^$*+?()\[\]{}|/-]")
_LOWER_RANGE = re.compile("a-z|0-9")


class Caseless:
    """A regular expression that ignores case. Raises `re.error` for a malformed one."""

    def __init__(self, pattern: str) -> None:
        self._anywhere = re.compile(pattern, re.IGNORECASE)
        self._lower = re.compile(pattern) if _is_plain(pattern) else None
        self.needed = needed_literals(pattern) if self._lower is not None else None

    def search(self, text: str) -> bool:
        """Whether it is found in `text`."""
        if self._lower is not None and text.isascii():
            return self._lower.search(text.lower()) is not None
        return self._anywhere.search(text) is not None


class AnyCaseless:
    """Several of them; most texts are known to have none of their words without any search."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._patterns = [Caseless(pattern) for pattern in patterns]
        needed = [pattern.needed for pattern in self._patterns]
        every = [words for words in needed if words is not None]
        self._needed = shortest(frozenset().union(*every)) if len(every) == len(needed) else None

    def search(self, text: str) -> bool:
        """Whether any is found in `text`."""
        # A loop, not `any`: a generator would cost as much as the look.
        if self._needed is not None and text.isascii():
            lower = text.lower()
            for words in self._needed:
                if words in lower:
                    break
            else:
                return False
        return any(pattern.search(text) for pattern in self._patterns)


def _is_plain(pattern: str) -> bool:
    """Whether nothing in it speaks of capital letters, by name, by number or in a range."""
    bare = _LOWER_RANGE.sub("", _SIMPLE_ESCAPE.sub("", pattern))
    return bare.isascii() and bare == bare.lower() and not any(sign in bare for sign in "\\-")
