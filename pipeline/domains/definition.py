"""What a domain is: its subjects, attributes and categories, with texts per language."""

from collections.abc import Mapping
from dataclasses import dataclass

Texts = Mapping[str, str]
"""A text by language code."""

TextLists = Mapping[str, tuple[str, ...]]
"""Texts by language code."""


@dataclass(frozen=True)
class SubjectGuide:
    """What the domain calls a subject and when something is one."""

    noun: Texts
    description: Texts


@dataclass(frozen=True)
class Attribute:
    """Something the topic finder also notes about a subject, such as its price."""

    name: str
    description: Texts


@dataclass(frozen=True)
class CueSet:
    """Lexical cues (regular expressions) and example sentences."""

    cues: TextLists
    examples: TextLists


@dataclass(frozen=True)
class Category:
    """A category of sentences; cues and examples may be missing for a language.

    `opens` says that its sentences introduce a subject, `aside` that a run of them is usually about
    none.
    """

    name: str
    description: Texts
    cues: TextLists
    examples: TextLists
    opens: bool = False
    aside: bool = False


@dataclass(frozen=True, eq=False)
class Domain:
    """A domain as its file declares it; `prompts` are the instructions by role and language.

    Each is itself only, so that what is made of it can be kept beside it.
    """

    name: str
    languages: tuple[str, ...]
    subject: SubjectGuide
    attributes: tuple[Attribute, ...]
    categories: tuple[Category, ...]
    filler: CueSet
    transitions: TextLists
    prompts: Mapping[str, Texts]

    @property
    def category_names(self) -> tuple[str, ...]:
        """The categories in declared order."""
        return tuple(category.name for category in self.categories)

    def text(self, texts: Texts, lang: str) -> str:
        """The text in `lang`, else in the domain's first language that has one, else empty."""
        for candidate in (lang, *self.languages):
            if candidate in texts:
                return texts[candidate]
        return next(iter(texts.values()), "")
