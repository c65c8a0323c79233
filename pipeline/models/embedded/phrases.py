"""Phrases of a window that could name a subject, with where they occur."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from typing import Final

from pipeline.models.embedded.kinds import kinds
from pipeline.models.embedded.numbers import NUMBER_WORDS, with_digits
from pipeline.models.embedded.words import Word, has_cjk, split_words

_LONGEST: Final = 4
_LOOK_BACK: Final = 30
_FINAL: Final = 1.0
_INSIDE: Final = 0.4
_POINTED: Final = 0.2
_PRESENTED: Final = 0.6
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


_BARE: Final = {
    "en": re.compile(
        rf"(?<!number )(?<!\w)(?:\d+|(?:{_SPOKEN})(?: (?:{_SPOKEN}))*)(?!\w)", re.IGNORECASE
    ),
}
_SMALL_NUMBERS: Final = frozenset(
    ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
)
_COUNTED: Final = re.compile(
    r"[ -]*(?:percent|%|dollars?|bucks?|pounds?|cents|inch(?:es)?|hours?|minutes?|seconds|days"
    r"|years|people|pieces|left|off|by|of|more|times|watts?|likes|point)\b|\s*[.,]\d",
    re.IGNORECASE,
)
_PRESENTING: Final = {
    "en": re.compile(
        r"(?:\b(?:this|that|it|here|these|those|they|next|first|one|up)"
        r"(?:['’]s|['’]re| is| are| was)(?: called| named)?"
        r"|\bcalled|\bmeet|\b(?:got|have|about|introduce|grab|start with|move on to"
        r"|let['’]?s do|bring out|show you|look at|back to|onto|go to))"
        r"(?: (?:the|a|an|our|my|this|these|some|one of our|number))*(?: \w+)? ?$",
        re.IGNORECASE,
    ),
    "zh": re.compile(
        r"(?:这(?:个|款|件|条|双|套|种|支|瓶)?(?:就|呢)?是|就是|叫(?:做)?|介绍|来看"
        r"|上(?:这|一)?|轮到|款|先上|(?:这|那|一)(?:个|款|件|条|双|套|支|瓶|台|盒))"
        r"(?:一下)?(?:我们)?(?:家)?(?:的)?$"
    ),
}
_TOLD: Final = re.compile(
    r",? (?:is|it['’]s|this is|she['’]s)"
    r"(?: gonna| going| up| next| the| our| my| a| an| one| called)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase as written in one sentence.

    `row` is the sentence's index in the window, `pointed` whether a word like "this" is before it,
    `final` whether no other word of a name follows: "power" in "power bank" is not final,
    `presented` whether it follows words that show a thing: "this is our", 这款.
    """

    text: str
    key: tuple[str, ...]
    row: int
    pointed: bool
    final: bool
    presented: bool = False

    @property
    def head(self) -> str:
        """The stem of its last word, which says what kind of thing it is."""
        return self.key[-1]


@dataclass(frozen=True, slots=True)
class Head:
    """All phrases of a window that end in the same word.

    Where a window presents two things of one kind, each is a head with the phrases of its own and
    the short ones that may mean either; `own` are those that mean only this one.
    """

    stem: str
    phrases: tuple[Phrase, ...]
    own: tuple[Phrase, ...] = ()

    @property
    def names(self) -> tuple[Phrase, ...]:
        """The phrases that can name it."""
        return self.own or self.phrases

    @property
    def rows(self) -> tuple[int, ...]:
        """Indexes of the sentences it occurs in."""
        return tuple(sorted({phrase.row for phrase in self.phrases}))

    @property
    def numbered(self) -> bool:
        """Whether it is a thing that only has a number."""
        return self.stem.startswith(NUMBERED_PREFIX)

    @property
    def presented_rows(self) -> frozenset[int]:
        """Indexes of the sentences that show it."""
        return frozenset(phrase.row for phrase in self.phrases if phrase.presented)

    @property
    def strengths(self) -> Mapping[int, float]:
        """How clearly each of its sentences names it: 1, more if pointed at, less inside a name."""
        found: dict[int, float] = {}
        for phrase in self.phrases:
            strength = _FINAL if phrase.final else _INSIDE
            strength += _PRESENTED if phrase.presented else _POINTED if phrase.pointed else 0.0
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
    for phrase in _bare_numbers(texts, lang, found):
        found[phrase.head].append(phrase)
    short = _short_names(found) if lang == "zh" else {}
    for stem, full in short.items():
        found[full].extend(found.pop(stem))
    return tuple(
        head for stem, phrases in found.items() for head in _one_or_several(stem, phrases, found)
    )


def _one_or_several(
    stem: str, phrases: Sequence[Phrase], found: Mapping[str, Sequence[Phrase]]
) -> Iterator[Head]:
    """A head; where its word is said of two things one after the other, a head for each."""
    kinds_of: dict[str, list[Phrase]] = defaultdict(list)
    for phrase in phrases:
        if len(phrase.key) > 1 and phrase.final:
            kinds_of[phrase.key[-2]].append(phrase)
    for full, others in found.items():
        if has_cjk(stem) and full != stem and full.endswith(stem):
            kinds_of[full].extend(others)
    repeated = [own for own in kinds_of.values() if len({phrase.row for phrase in own}) > 1]
    ranges = sorted((min(p.row for p in own), max(p.row for p in own)) for own in repeated)
    apart = all(before[1] < after[0] for before, after in pairwise(ranges))
    if len(repeated) <= 1 or not apart:
        yield Head(stem, tuple(phrases))
        return
    taken = {phrase.row for own in repeated for phrase in own}
    either = [phrase for phrase in phrases if len(phrase.key) == 1 and phrase.row not in taken]
    for own in repeated:
        yield Head(stem, (*own, *either), tuple(own))


def _short_names(stems: Collection[str]) -> Mapping[str, str]:
    """Chinese heads that end exactly one other head: 箱 after 收纳箱 is the same box."""
    longer: dict[str, list[str]] = defaultdict(list)
    for full in stems:
        for start in range(1, len(full)):
            if full[start:] in stems:
                longer[full[start:]].append(full)
    shortened = {stem: full[0] for stem, full in longer.items() if len(full) == 1}
    return {stem: full for stem, full in shortened.items() if full not in shortened}


def _head_key(stem: str, lang: str) -> str:
    """Chinese nouns with and without a light suffix are the same head."""
    if lang == "zh" and len(stem) > 1 and stem[-1] in "子儿":
        return stem[:-1]
    return stem


def _phrases(text: str, row: int, lang: str) -> Iterator[Phrase]:
    words = split_words(text, lang)
    if lang == "zh":
        words = _with_known_things(words, text)
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
                presented=_is_presented(text, words[start].start, lang),
            )


def _with_known_things(words: Sequence[Word], text: str) -> tuple[Word, ...]:
    """The words, with the example things as one word each even where the cutter split them."""
    kept = list(words)
    for match in _things_pattern().finditer(text):
        start, end = match.span()
        over = [word for word in kept if word.start < end and start < word.end]
        if not over or any(word.ends and word.start <= start and end <= word.end for word in over):
            continue
        merged = replace(
            over[0], text=match[0], stem=match[0], start=start, end=end, carries=True, ends=True
        )
        kept = sorted(
            [*(word for word in kept if word not in over), merged], key=lambda word: word.start
        )
    return tuple(kept)


@cache
def _things_pattern() -> re.Pattern[str]:
    names = sorted(filter(has_cjk, kinds("zh").things), key=lambda name: (-len(name), name))
    return re.compile("|".join(re.escape(name) for name in names if len(name) > 1))


def _numbered(text: str, row: int, lang: str) -> Iterator[Phrase]:
    """Things that only have a number, as in "number sixteen"."""
    pattern = _NUMBERED.get(lang)
    for match in pattern.finditer(text) if pattern else ():
        key = f"{NUMBERED_PREFIX}{with_digits(match['number']).strip()}"
        shown = _is_presented(text, match.start(), lang) or bool(_TOLD.match(text, match.end()))
        yield Phrase(match[0], (key,), row, pointed=False, final=True, presented=shown)


def _bare_numbers(
    texts: Sequence[str], lang: str, found: Mapping[str, Sequence[Phrase]]
) -> Iterator[Phrase]:
    """The numbers of things that are called by number, said without the word before them."""
    pattern = _BARE.get(lang)
    called = {key for key in found if key.startswith(NUMBERED_PREFIX)}
    if pattern is None or not called:
        return
    for row, text in enumerate(texts):
        for match in pattern.finditer(text):
            key = f"{NUMBERED_PREFIX}{with_digits(match[0]).strip()}"
            said = match[0].count(" ") > 0 or match[0].casefold() not in _SMALL_NUMBERS
            if key in called and said and not _COUNTED.match(text, match.end()):
                yield Phrase(match[0], (key,), row, pointed=False, final=True)


def _is_presented(text: str, start: int, lang: str) -> bool:
    """Whether what begins at `start` follows words that show a thing."""
    pattern = _PRESENTING.get(lang)
    before = text[max(0, start - _LOOK_BACK) : start]
    return pattern is not None and pattern.search(before) is not None


def _adjacent(words: Sequence[Word], index: int, text: str) -> bool:
    """Whether nothing but a space or hyphen stands between a word and the next."""
    gap = text[words[index].end : words[index + 1].start]
    return gap.strip(" -") == ""
