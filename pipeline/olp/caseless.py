"""Patterns that are found whatever their case, without the price of a search that ignores case.

Such a search takes Python's `re` two to three times as long as one in a text that is lower case
already. For ASCII both are the same, if the pattern itself is lower case.
"""

import re
from collections.abc import Iterable, Sequence

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
        if text.isascii() and self._ruled_out(text):
            return False
        return any(pattern.search(text) for pattern in self._patterns)

    def last_in(self, texts: Sequence[str], earliest: int) -> int | None:
        """The last index, from `earliest` on, of a text in which any is found, or None."""
        # What is in none of them all is in none of them, and they are looked through at once.
        ruled_out = self._ruled_out("\n".join(filter(str.isascii, texts[earliest:])))
        for index in range(len(texts) - 1, earliest - 1, -1):
            if not (ruled_out and texts[index].isascii()) and self.search(texts[index]):
                return index
        return None

    def _ruled_out(self, text: str) -> bool:
        if self._needed is None:
            return False
        return not any(map(text.lower().__contains__, self._needed))


def _is_plain(pattern: str) -> bool:
    """Whether nothing in it speaks of capital letters, by name, by number or in a range."""
    bare = _LOWER_RANGE.sub("", _SIMPLE_ESCAPE.sub("", pattern))
    return bare.isascii() and bare == bare.lower() and not any(sign in bare for sign in "\\-")
