"""The `embeddings` arm: vectors of multilingual e5 against the domain's own examples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from pipeline.domains import Domain
from pipeline.models.embedded.course import Course, course
from pipeline.models.embedded.cues import Scores
from pipeline.models.embedded.embedder import Embedder, Vectors
from pipeline.models.embedded.finding import FinderLimits, HeadFit, find_subjects, mention_fit
from pipeline.models.embedded.kind_model import fit_kinds
from pipeline.models.embedded.locating import spans
from pipeline.models.embedded.mentions import subject_names
from pipeline.models.embedded.organizing import Decision, is_telling, less_filler, organize
from pipeline.models.embedded.per_language import PerLanguage
from pipeline.models.embedded.phrases import Head
from pipeline.models.embedded.prototypes import fit_prototypes
from pipeline.models.embedded.relating import same_pairs, sentences_of
from pipeline.models.embedded.role_answers import FoundSubject, OrganizedItem, SubjectSpan
from pipeline.models.embedded.role_arm import RoleArm
from pipeline.models.embedded.segmentation import Emissions
from pipeline.prompt_format import PromptSubject, TaskPrompt

_SWITCH_COST: Final = 3.0
_FIND_SWITCH_COST: Final = 3.0
_TURN_COST: Final = 1.5
_LIMITS: Final = FinderLimits(subject_cost=0.6)
_DECISION: Final = Decision(sharpness=0.8)
_SAME_HERE: Final = 0.96
_SAME: Final = 0.895
_TEXT_SHARE: Final = 0.15
_REACH: Final = 2
_HEAD_SCALE: Final = 12.0
_SUBJECT_SCALE: Final = 40.0
_NAMELESS: Final = "?"


def embeddings_arm(domains: Mapping[str, Domain], embedder: Embedder) -> RoleArm:
    """The arm `embeddings` for `domains`."""
    methods = {name: EmbeddingMethods(domain, embedder) for name, domain in domains.items()}
    return RoleArm("embeddings", methods, embedder.count_tokens)


class EmbeddingMethods:
    """Plays the roles by the meaning of sentences and names; looks at no cue."""

    def __init__(self, domain: Domain, embedder: Embedder) -> None:
        self._domain = domain
        self._embedder = embedder
        self._models = PerLanguage(lambda lang: fit_prototypes(domain, lang, embedder))
        self._kinds = PerLanguage(lambda lang: fit_kinds(lang, embedder))

    def find(self, task: TaskPrompt) -> Sequence[FoundSubject]:
        """Phrases that mean what a stretch of the window is about."""
        flow = self._course(task)
        costs = flow.switch_costs(_FIND_SWITCH_COST, _TURN_COST)
        return find_subjects(task, self._head_fit(task.lang, flow), flow, costs, _LIMITS)

    def locate(self, task: TaskPrompt) -> Sequence[SubjectSpan]:
        """Stretches whose sentences mean something near the subject's names."""
        if not task.subjects:
            return ()
        texts = [text for _, text in task.sentences]
        fit = self.subject_fit(task.subjects, texts)
        flow = self._course(task)
        costs = flow.switch_costs(_SWITCH_COST, _TURN_COST)
        return spans(task, fit, np.zeros_like(fit), flow, costs)

    def relate(self, task: TaskPrompt) -> Sequence[tuple[int, int]]:
        """Subjects whose names, and sentences where there are any, mean the same."""

        def likeness(left: PromptSubject, right: PromptSubject) -> float:
            return self._likeness(task, left, right)

        return same_pairs(task, likeness, _SAME, _SAME_HERE)

    def organize(self, task: TaskPrompt) -> Sequence[OrganizedItem]:
        """The category whose examples a sentence resembles."""
        texts = [text for _, text in task.sentences]
        scores = self.category_scores(texts, task.lang)
        return organize(task, self._domain, scores, _DECISION)

    def category_scores(self, texts: Sequence[str], lang: str) -> Scores:
        """Log probabilities of the categories and of filler."""
        typical = np.array([is_telling(text, lang) for text in texts], dtype=np.bool_)
        scores = self._models[lang].scores(self._embedder.vectors(texts), typical)
        return less_filler(scores, texts, lang)

    def subject_fit(self, subjects: Sequence[PromptSubject], texts: Sequence[str]) -> Emissions:
        """Nearness of each sentence and its surroundings to the nearest name, centred."""
        vectors = self._embedder.vectors(texts)
        around = _smoothed(vectors)
        similar = np.empty((len(texts), len(subjects)), dtype=np.float64)
        for column, subject in enumerate(subjects):
            names = self._embedder.vectors(subject_names(subject) or (_NAMELESS,)).T
            similar[:, column] = ((vectors @ names).max(axis=1) + (around @ names).max(axis=1)) / 2
        return _SUBJECT_SCALE * _contrast(similar)

    def name_likeness(self, left: PromptSubject, right: PromptSubject) -> float:
        """Highest cosine between any name of one and any name of the other."""
        names = self._embedder.vectors(subject_names(left) or (_NAMELESS,))
        others = self._embedder.vectors(subject_names(right) or (_NAMELESS,))
        return float((names @ others.T).max())

    def head_worth(self, found: Sequence[Head], lang: str) -> list[float]:
        """0 to 1 for each head: whether its most frequent phrases name a thing."""
        return [float(self._kinds[lang].worth(_frequent(head)).mean()) for head in found]

    def head_meaning(self, found: Sequence[Head], texts: Sequence[str]) -> Emissions:
        """How near each sentence's surroundings are to each head's phrases, centred."""
        around = _smoothed(self._embedder.vectors(texts))
        names = [self._embedder.vectors(_frequent(head)).mean(axis=0) for head in found]
        similar = (around @ np.array(names).T).astype(np.float64)
        return _HEAD_SCALE * _contrast(similar)

    def _course(self, task: TaskPrompt) -> Course:
        texts = [text for _, text in task.sentences]
        scores = self.category_scores(texts, task.lang)
        return course(self._domain, scores, (), texts, task.lang, _DECISION)

    def _head_fit(self, lang: str, flow: Course) -> HeadFit:
        def fit(found: Sequence[Head], texts: Sequence[str]) -> Emissions:
            worth = np.array(self.head_worth(found, lang))
            share: Emissions = self.head_meaning(found, texts) * worth
            return share + 0.5 * mention_fit(found, texts, list(worth), flow)

        return fit

    def _likeness(self, task: TaskPrompt, left: PromptSubject, right: PromptSubject) -> float:
        by_name = self.name_likeness(left, right)
        said, other_said = sentences_of(task, left), sentences_of(task, right)
        if not said or not other_said:
            return by_name
        first = self._embedder.vectors(said).mean(axis=0)
        second = self._embedder.vectors(other_said).mean(axis=0)
        by_text = float(first @ second / (np.linalg.norm(first) * np.linalg.norm(second)))
        return (1 - _TEXT_SHARE) * by_name + _TEXT_SHARE * by_text


def _frequent(head: Head) -> list[str]:
    """The head's phrases as written, the three most frequent ones."""
    counts = Counter(phrase.text.casefold() for phrase in head.phrases)
    return [text for text, _ in counts.most_common(3)]


def _smoothed(vectors: Vectors) -> Vectors:
    """Each row averaged with its neighbours, nearer ones counting more."""
    total = np.zeros_like(vectors)
    for shift in range(-_REACH, _REACH + 1):
        weight = 1 / (1 + abs(shift))
        source = vectors[max(0, shift) : len(vectors) + min(0, shift)]
        total[max(0, -shift) : len(vectors) + min(0, -shift)] += weight * source
    norms = np.linalg.norm(total, axis=1, keepdims=True)
    smoothed: Vectors = total / np.maximum(norms, 1e-9)
    return smoothed


def _contrast(similar: Emissions) -> Emissions:
    """How much better each row suits a column than usual, less its mean over the columns."""
    unusual = similar - similar.mean(axis=0, keepdims=True)
    centred: Emissions = unusual - unusual.mean(axis=1, keepdims=True)
    return centred
