"""The `hybrid` arm: cues and names together with sentence vectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from pipeline.domains import Domain
from pipeline.models.embedded.cues import cue_sheet
from pipeline.models.embedded.embedder import Embedder
from pipeline.models.embedded.embeddings import EmbeddingMethods
from pipeline.models.embedded.finding import FinderLimits, HeadFit, find_subjects, mention_fit
from pipeline.models.embedded.locating import spans
from pipeline.models.embedded.mentions import mention_strengths
from pipeline.models.embedded.organizing import Decision, organize
from pipeline.models.embedded.per_language import PerLanguage
from pipeline.models.embedded.phrases import Head
from pipeline.models.embedded.role_answers import FoundSubject, OrganizedItem, SubjectSpan
from pipeline.models.embedded.role_arm import RoleArm
from pipeline.models.embedded.rules import FIND_SWITCH_COST, SWITCH_COST, RulesMethods
from pipeline.models.embedded.segmentation import Emissions
from pipeline.prompt_format import TaskPrompt

_DECISION: Final = Decision()
_CUE_SHARE: Final = 0.7
_MEANING_SHARE: Final = 0.5
_FIT_SHARE: Final = 0.5
_UNKNOWN_SHARE: Final = 0.8
_HEAD_MEANING_SHARE: Final = 0.3
_LIMITS: Final = FinderLimits()


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
        return find_subjects(
            task, self._head_fit(task.lang), self._rules.costs(task, FIND_SWITCH_COST), _LIMITS
        )

    def locate(self, task: TaskPrompt) -> Sequence[SubjectSpan]:
        """Mentions and nearness of meaning added up."""
        if not task.subjects:
            return ()
        texts = [text for _, text in task.sentences]
        fit = mention_strengths(task.subjects, texts, task.lang)
        fit = fit + _FIT_SHARE * self._embeddings.subject_fit(task.subjects, texts)
        return spans(task, fit, self._rules.costs(task, SWITCH_COST))

    def relate(self, task: TaskPrompt) -> Sequence[tuple[int, int]]:
        """As the rules do."""
        return self._rules.relate(task)

    def organize(self, task: TaskPrompt) -> Sequence[OrganizedItem]:
        """Cue weights and log probabilities added up."""
        texts = [text for _, text in task.sentences]
        scores = _CUE_SHARE * self._sheets[task.lang].scores(texts)
        scores = scores + _MEANING_SHARE * self._embeddings.category_scores(texts, task.lang)
        return organize(task, self._domain.category_names, scores, _DECISION)

    def _head_fit(self, lang: str) -> HeadFit:
        def fit(found: Sequence[Head], texts: Sequence[str]) -> Emissions:
            worth = np.array(self._worth(found, lang))
            nearness: Emissions = self._embeddings.head_meaning(found, texts) * worth
            return mention_fit(found, texts, list(worth)) + _HEAD_MEANING_SHARE * nearness

        return fit

    def _worth(self, found: Sequence[Head], lang: str) -> list[float]:
        """The rules' verdict where they know a noun, else what its meaning suggests."""
        by_rules = [self._rules.head_worth(head, lang) for head in found]
        by_meaning = self._embeddings.head_worth(found, lang)
        return [
            rule if rule in (0.0, 1.0) else _UNKNOWN_SHARE * meaning
            for rule, meaning in zip(by_rules, by_meaning, strict=True)
        ]
