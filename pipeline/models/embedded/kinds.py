"""Examples of nouns that name subjects and of nouns that do not, per language."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

from pipeline.models.embedded.words import has_cjk, split_words


@dataclass(frozen=True)
class Kinds:
    """`things` can be subjects, `talk` is mentioned on the way; both in lower case."""

    things: tuple[str, ...] = ()
    talk: tuple[str, ...] = ()


@dataclass(frozen=True)
class KindStems:
    """The stems of the last words of the examples, and in Chinese the last characters.

    `nouns` are the last words of the things themselves, in the singular: a verb may share a stem.
    """

    things: frozenset[str]
    talk: frozenset[str]
    last_characters: frozenset[str]
    nouns: frozenset[str]


_FEW_ENDINGS: Final = 3
_SHORTEST_PLURAL: Final = 4
_CLEARLY_MORE: Final = 2


@cache
def kinds(lang: str) -> Kinds:
    """The examples for a language; none for a language without a list."""
    return _load().get(lang, Kinds())


@cache
def kind_stems(lang: str) -> KindStems:
    """What the heads of phrases are compared with when there are no vectors."""
    known = kinds(lang)
    talk = _last_stems(known.talk, lang)
    ends = Counter(name[-1] for name in known.things if has_cjk(name[-1]))
    others = Counter(name[-1] for name in known.talk)
    common = frozenset(
        sign
        for sign, count in ends.items()
        if count >= _FEW_ENDINGS and count > _CLEARLY_MORE * others[sign]
    )
    words = [split_words(name, lang) for name in known.things]
    nouns = frozenset(singular(found[-1].text.casefold(), lang) for found in words if found)
    return KindStems(_last_stems(known.things, lang) - talk, talk, common, nouns)


def singular(word: str, lang: str) -> str:
    """An English word without the ending of its plural; others as they are."""
    if lang != "en" or len(word) < _SHORTEST_PLURAL or word.endswith("ss"):
        return word
    for ending, instead in (("ies", "y"), ("shes", "sh"), ("ches", "ch"), ("xes", "x"), ("s", "")):
        if word.endswith(ending):
            return word[: -len(ending)] + instead
    return word


@cache
def _load() -> Mapping[str, Kinds]:
    text = (resources.files(__package__) / "kinds.toml").read_text(encoding="utf-8")
    return {
        lang: Kinds(things=_split(lists["things"]), talk=_split(lists["talk"]))
        for lang, lists in tomllib.loads(text).items()
    }


def _split(names: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in names.replace("\n", " ").split(";") if name.strip())


def _last_stems(names: tuple[str, ...], lang: str) -> frozenset[str]:
    words = [split_words(name, lang) for name in names]
    return frozenset(found[-1].stem for found in words if found)
