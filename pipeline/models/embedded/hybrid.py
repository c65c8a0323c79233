"""The `hybrid` arm: cues and names together with sentence vectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from pipeline.domains import Domain
from pipeline.models.embedded.course import Course, course
from pipeline.models.embedded.cues import Scores, cue_sheet
from pipeline.models.embedded.embedder import Embedder
from pipeline.models.embedded.embeddings import EmbeddingMethods
from pipeline.models.embedded.finding import FinderLimits, HeadFit, find_subjects, mention_fit
from pipeline.models.embedded.locating import spans
from pipeline.models.embedded.mentions import mention_strengths, not_before_named, subject_names
from pipeline.models.embedded.names import best_similarity, numbers_disagree
from pipeline.models.embedded.organizing import Decision, organize
from pipeline.models.embedded.per_language import PerLanguage
from pipeline.models.embedded.phrases import Head
from pipeline.models.embedded.relating import same_pairs
from pipeline.models.embedded.role_answers import FoundSubject, OrganizedItem, SubjectSpan
from pipeline.models.embedded.role_arm import RoleArm
from pipeline.models.embedded.rules import TURN_COST, RulesMethods, find_switch_cost
from pipeline.models.embedded.segmentation import Emissions
from pipeline.models.embedded.words import content_words
from pipeline.prompt_format import PromptSubject, TaskPrompt

_DECISION: Final = Decision(sharpness=0.8)
_SWITCH_COST: Final = 4.0
_CUE_SHARE: Final = 0.7
_MEANING_SHARE: Final = 0.5
_WHOLE: Final = 2
_FRAGMENT: Final = 1.0
_FIT_SHARE: Final = 0.3
_SAME_HERE: Final = 0.9
_SAME: Final = 0.45
_UNRELATED: Final = 0.8
_RELATED: Final = 0.95
_SURE: Final = 0.6
_UNKNOWN_SHARE: Final = 0.8
_HEAD_MEANING_SHARE: Final = 0.3
_LIMITS: Final = FinderLimits(subject_cost=0.6)


def hybrid_arm(domains: Mapping[str, Domain], embedder: Embedder) -> RoleArm:
    """The arm `hybrid` for `domains`."""
    methods = {name: HybridMethods(domain, embedder) for name, domain in domains.items()}
    return RoleArm("hybrid", methods, embedder.count_tokens)


class HybridMethods:
    """Plays the roles by adding up what rules and embeddings say."""

    def __init__(self, domain: Domain, embedder: Embedder) -> None:
        self._domain = domain
        self._embedder = embedder
        self._rules = RulesMethods(domain)
        self._embeddings = EmbeddingMethods(domain, embedder)
        self._sheets = PerLanguage(lambda lang: cue_sheet(domain, lang))

    def find(self, task: TaskPrompt) -> Sequence[FoundSubject]:
        """Phrases that are repeated, name a thing and mean what their surroundings do."""
        flow = self._course(task)
        costs = flow.switch_costs(find_switch_cost(task.lang), TURN_COST)
        return find_subjects(task, self._head_fit(task.lang, flow), flow, costs, _LIMITS)

    def locate(self, task: TaskPrompt) -> Sequence[SubjectSpan]:
        """Mentions and nearness of meaning added up."""
        if not task.subjects:
            return ()
        texts = [text for _, text in task.sentences]
        mentions = mention_strengths(task.subjects, texts, task.lang)
        fit = mentions + _FIT_SHARE * self._embeddings.subject_fit(task.subjects, texts)
        fit = not_before_named(fit, mentions)
        flow = self._course(task)
        return spans(task, fit, mentions, flow, flow.switch_costs(_SWITCH_COST, TURN_COST))

    def relate(self, task: TaskPrompt) -> Sequence[tuple[int, int]]:
        """Names alike in their words and in their meaning."""

        def likeness(left: PromptSubject, right: PromptSubject) -> float:
            if numbers_disagree(left.name, right.name):
                return 0.0
            by_words = best_similarity(subject_names(left), subject_names(right), task.lang)
            by_meaning = self._embeddings.name_likeness(left, right)
            return (by_words + (by_meaning - _UNRELATED) / (_RELATED - _UNRELATED)) / 2

        return same_pairs(task, likeness, _SAME, _SAME_HERE)

    def organize(self, task: TaskPrompt) -> Sequence[OrganizedItem]:
        """Cue weights and log probabilities added up."""
        texts = [text for _, text in task.sentences]
        scores = self._scores(texts, task.lang)
        return organize(task, self._domain, scores, _DECISION)

    def _scores(self, texts: Sequence[str], lang: str) -> Scores:
        scores = _CUE_SHARE * self._sheets[lang].scores(texts)
        # A piece of a sentence means little by itself, and looks like filler.
        scores[:, -1] -= [_FRAGMENT * (content_words(text, lang) < _WHOLE) for text in texts]
        return scores + _MEANING_SHARE * self._embeddings.category_scores(texts, lang)

    def _course(self, task: TaskPrompt) -> Course:
        texts = [text for _, text in task.sentences]
        scores = self._scores(texts, task.lang)
        turns = self._rules.turns(task)
        return course(self._domain, scores, turns, texts, task.lang, _DECISION)

    def _head_fit(self, lang: str, flow: Course) -> HeadFit:
        def fit(found: Sequence[Head], texts: Sequence[str]) -> Emissions:
            worth = np.array(self._worth(found, lang))
            nearness: Emissions = self._embeddings.head_meaning(found, texts) * worth
            mentions = mention_fit(found, texts, list(worth), flow)
            return mentions + _HEAD_MEANING_SHARE * nearness

        return fit

    def _worth(self, found: Sequence[Head], lang: str) -> list[float]:
        """The rules' verdict where they know a noun, else what its meaning suggests."""
        by_rules = [self._rules.head_worth(head, lang) for head in found]
        by_meaning = self._embeddings.head_worth(found, lang)
        return [
            rule if rule == 0.0 or rule > _SURE else _UNKNOWN_SHARE * meaning
            for rule, meaning in zip(by_rules, by_meaning, strict=True)
        ]
