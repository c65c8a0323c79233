"""How strongly each sentence of a window names each subject of a task."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from pipeline.models.embedded.names import head_tokens, name_tokens, normal_name, text_tokens
from pipeline.models.embedded.segmentation import Emissions
from pipeline.models.embedded.words import has_cjk
from pipeline.prompt_format import PromptSubject

_WHOLE_NAME: Final = 1.5
_WORD_ONLY: Final = 0.6
_MOST_WORDS: Final = 2.0
_MODIFIER: Final = 0.5
_COMMON_SHARE: Final = 0.25
_NUMBER_NAME: Final = re.compile(r"number \d+")
NAMED: Final = 0.6
"""A sentence that names a subject at least so strongly shows that the subject is there."""
_UNNAMED_LOSS: Final = 0.1


@dataclass(frozen=True, slots=True)
class _Sentence:
    padded: str
    squeezed: str
    tokens: frozenset[str]


def subject_names(subject: PromptSubject) -> tuple[str, ...]:
    """The name and the aliases of a subject, empty ones left out."""
    return tuple(name for name in (subject.name, *subject.aliases) if normal_name(name))


def mention_strengths(
    subjects: Sequence[PromptSubject], texts: Sequence[str], lang: str
) -> Emissions:
    """Strength per sentence (row) and subject (column): 0 no mention, 1.5 the whole name.

    A word that several subjects share counts for each of them only its part, and a word that
    stands in most of the window counts little.
    """
    names = [subject_names(subject) for subject in subjects]
    sentences = [_sentence(text, lang) for text in texts]
    weights = _token_weights(names, sentences, lang)
    strengths = np.zeros((len(texts), len(subjects)), dtype=np.float64)
    for row, sentence in enumerate(sentences):
        for column, own in enumerate(names):
            strengths[row, column] = max(
                (_strength(name, sentence, weights, lang) for name in own), default=0.0
            )
    return strengths


def not_before_named(fit: Emissions, mentions: Emissions) -> Emissions:
    """`fit` with nothing in favour of a subject before the first sentence that names it."""
    rows = np.arange(len(fit))[:, None]
    named = mentions >= NAMED
    first = np.where(named.any(axis=0), named.argmax(axis=0), 0)
    return np.where(rows < first[None, :], np.minimum(fit, 0.0) - _UNNAMED_LOSS, fit)


def _sentence(text: str, lang: str) -> _Sentence:
    plain = normal_name(text)
    return _Sentence(f" {plain} ", plain.replace(" ", ""), text_tokens(text, lang))


def _token_weights(
    names: Sequence[Sequence[str]], sentences: Sequence[_Sentence], lang: str
) -> Mapping[str, float]:
    """1 for a token of one subject, in few sentences; less for what is shared or everywhere."""
    tokens = [frozenset().union(*(name_tokens(n, lang) for n in own)) for own in names]
    owners = Counter(token for own in tokens for token in own)
    usual = max(1.0, _COMMON_SHARE * len(sentences))
    spread = Counter(token for s in sentences for token in s.tokens if token in owners)
    return {
        token: min(1.0, usual / max(1, spread[token])) / count for token, count in owners.items()
    }


def _strength(name: str, sentence: _Sentence, weights: Mapping[str, float], lang: str) -> float:
    wanted = normal_name(name)
    tokens = name_tokens(name, lang)
    if has_cjk(wanted):
        whole = wanted.replace(" ", "") in sentence.squeezed
    else:
        whole = f" {wanted} " in sentence.padded
    if _NUMBER_NAME.fullmatch(wanted):
        return _WHOLE_NAME if whole else 0.0
    found = [token for token in tokens if token in sentence.tokens]
    if whole or (found and len(found) == len(tokens)):
        # "Trench coat" is no other coat, however many there are: its rarest word tells.
        return _WHOLE_NAME * max((weights[token] for token in tokens), default=1.0)
    strength = _WORD_ONLY * min(_MOST_WORDS, sum(weights[token] for token in found))
    # A washing machine is no washing powder: the last word says what a thing is.
    return strength if head_tokens(name, lang).intersection(found) else _MODIFIER * strength
