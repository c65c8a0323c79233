"""Pairs of subjects that are the same thing, from how alike two subjects are."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pipeline.models.embedded.mentions import subject_names
from pipeline.models.embedded.names import best_similarity
from pipeline.prompt_format import PromptSubject, TaskPrompt

Likeness = Callable[[PromptSubject, PromptSubject], float]
"""0 to 1 for two subjects of a task."""


def same_pairs(
    task: TaskPrompt, likeness: Likeness, at_least: float, at_least_here: float
) -> tuple[tuple[int, int], ...]:
    """Pairs of subject numbers at least so alike; two known subjects are never paired.

    Each of the window's subjects joins at most one known subject, the one most like it. Two of one
    window are paired only if `at_least_here` alike: the finder had a reason to tell them apart.
    """
    pairs = []
    new = [subject for subject in task.subjects if not subject.known]
    known = [subject for subject in task.subjects if subject.known]
    for index, subject in enumerate(new):
        scored = [(likeness(subject, other), -other.number, other) for other in known]
        if scored:
            score, _, other = max(scored, key=lambda item: item[:2])
            if score >= at_least:
                pairs.append((other.number, subject.number))
        for other in new[index + 1 :]:
            if likeness(subject, other) >= at_least_here:
                pairs.append((subject.number, other.number))
    return tuple(pairs)


def names_alike(lang: str) -> Likeness:
    """Likeness by names and aliases alone."""

    def likeness(left: PromptSubject, right: PromptSubject) -> float:
        return best_similarity(subject_names(left), subject_names(right), lang)

    return likeness


def sentences_of(task: TaskPrompt, subject: PromptSubject) -> Sequence[str]:
    """The texts of a subject's evidence."""
    wanted = set(subject.evidence)
    return [text for number, text in task.sentences if number in wanted]
