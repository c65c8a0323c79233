"""Phrases of a window that could name a subject, with where they occur."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.models.embedded.numbers import NUMBER_WORDS, with_digits
from pipeline.models.embedded.words import Word, split_words

_LONGEST: Final = 4
_FINAL: Final = 1.0
_INSIDE: Final = 0.4
_POINTED: Final = 0.2
_POINTERS: Final = {
    "en": frozenset(("this", "these", "the", "our", "a", "an", "my", "that", "those", "called")),
    "zh": frozenset(
        ("这", "这个", "这款", "这种", "这件", "这条", "这双", "的", "一个", "一款", "个")
    ),
    "ru": frozenset(("этот", "эта", "это", "эти", "наш", "наша")),
}
NUMBERED_PREFIX: Final = "number "
_SPOKEN: Final = "|".join(sorted(NUMBER_WORDS, key=len, reverse=True))
_NUMBERED: Final = {
    "en": re.compile(
        rf"\bnumber (?P<number>\d+|(?:{_SPOKEN})(?: (?:{_SPOKEN}))*)\b", re.IGNORECASE
    ),
}


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase as written in one sentence.

    `row` is the sentence's index in the window, `pointed` whether a word like "this" is before it,
    `final` whether no other word of a name follows: "power" in "power bank" is not final.
    """

    text: str
    key: tuple[str, ...]
    row: int
    pointed: bool
    final: bool

    @property
    def head(self) -> str:
        """The stem of its last word, which says what kind of thing it is."""
        return self.key[-1]


@dataclass(frozen=True, slots=True)
class Head:
    """All phrases of a window that end in the same word."""

    stem: str
    phrases: tuple[Phrase, ...]

    @property
    def rows(self) -> tuple[int, ...]:
        """Indexes of the sentences it occurs in."""
        return tuple(sorted({phrase.row for phrase in self.phrases}))

    @property
    def strengths(self) -> Mapping[int, float]:
        """How clearly each of its sentences names it: 1, more if pointed at, less inside a name."""
        found: dict[int, float] = {}
        for phrase in self.phrases:
            strength = (_FINAL if phrase.final else _INSIDE) + (_POINTED if phrase.pointed else 0)
            found[phrase.row] = max(found.get(phrase.row, 0.0), strength)
        return found


def heads(texts: Sequence[str], lang: str) -> tuple[Head, ...]:
    """The heads of all phrases of `texts`, in order of their first occurrence."""
    found: dict[str, list[Phrase]] = defaultdict(list)
    for row, text in enumerate(texts):
        for phrase in _phrases(text, row, lang):
            found[_head_key(phrase.head, lang)].append(phrase)
        for phrase in _numbered(text, row, lang):
            found[phrase.head].append(phrase)
    return tuple(Head(stem, tuple(phrases)) for stem, phrases in found.items())


def _head_key(stem: str, lang: str) -> str:
    """Chinese nouns with and without a light suffix are the same head."""
    if lang == "zh" and len(stem) > 1 and stem[-1] in "子儿":
        return stem[:-1]
    return stem


def _phrases(text: str, row: int, lang: str) -> Iterator[Phrase]:
    words = split_words(text, lang)
    pointers = _POINTERS.get(lang, frozenset())
    for end, last in enumerate(words):
        if not last.ends:
            continue
        final = not (end + 1 < len(words) and words[end + 1].ends and _adjacent(words, end, text))
        for start in range(end, max(-1, end - _LONGEST), -1):
            if not words[start].carries or (start < end and not _adjacent(words, start, text)):
                break
            if start and words[start].number and words[start - 1].number:
                continue
            before = words[start - 1].text.casefold() if start else ""
            yield Phrase(
                text=text[words[start].start : last.end],
                key=tuple(word.stem for word in words[start : end + 1]),
                row=row,
                pointed=before in pointers,
                final=final,
            )


def _numbered(text: str, row: int, lang: str) -> Iterator[Phrase]:
    """Things that only have a number, as in "number sixteen"."""
    pattern = _NUMBERED.get(lang)
    for match in pattern.finditer(text) if pattern else ():
        key = f"{NUMBERED_PREFIX}{with_digits(match['number']).strip()}"
        yield Phrase(match[0], (key,), row, pointed=False, final=True)


def _adjacent(words: Sequence[Word], index: int, text: str) -> bool:
    """Whether nothing but a space or hyphen stands between a word and the next."""
    gap = text[words[index].end : words[index + 1].start]
    return gap.strip(" -") == ""
