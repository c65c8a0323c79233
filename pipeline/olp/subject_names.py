"""When names of subjects are equal, and which words they share."""

from functools import lru_cache

_MOST_NAMES = 20_000
"""Names whose words are kept: a stream's subjects are compared for every window."""


@lru_cache(maxsize=_MOST_NAMES)
def name_key(name: str) -> str:
    """Equal for names that differ in case and white space only."""
    return " ".join(name.casefold().split())


@lru_cache(maxsize=_MOST_NAMES)
def name_words(name: str, aliases: tuple[str, ...]) -> frozenset[str]:
    """The words of a subject's names; of scripts without spaces, pairs of characters too."""
    words: set[str] = set()
    for text in (name, *aliases):
        folded = name_key(text)
        words.update(word for word in folded.split() if len(word) > 2)
        if not folded.isascii():
            words.update(folded[i : i + 2] for i in range(len(folded) - 1))
    return frozenset(words)
