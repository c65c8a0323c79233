"""From the fit between sentences and subjects to spans."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from pipeline.models.embedded.course import CHAT_LEAD, Course
from pipeline.models.embedded.mentions import NAMED
from pipeline.models.embedded.role_answers import SubjectSpan
from pipeline.models.embedded.segmentation import Emissions, best_path, runs
from pipeline.prompt_format import TaskPrompt

_ASIDE_LOSS: Final = 0.5
_OUTSIDE: Final = -1
_LOUDER: Final = 1.5
_ROUNDS: Final = 2
_OFTEN: Final = 3


def spans(
    task: TaskPrompt,
    fit: Emissions,
    mentions: Emissions,
    course: Course,
    costs: Sequence[float],
    chat_lead: float = CHAT_LEAD,
) -> tuple[SubjectSpan, ...]:
    """Spans of the task's subjects, breaks left out; `fit` and `mentions` have a column a subject.

    A subject lasts until another one fits better by more than the cost of changing; what is named
    in chat counts less. Talk that presents nothing for a while belongs to no subject: chat has to
    lead by `chat_lead`, in log odds.
    """
    heard = fit * (1 - _ASIDE_LOSS * course.aside)[:, None]
    path = np.array(_path_of_all(heard, mentions, costs))
    path[course.breaks(mentions.max(axis=1), chat_lead)] = _OUTSIDE
    numbers = [number for number, _ in task.sentences]
    return tuple(
        SubjectSpan(task.subjects[column].number, numbers[first], numbers[last])
        for column, first, last in runs([int(column) for column in path])
        if column != _OUTSIDE
    )


def _path_of_all(heard: Emissions, mentions: Emissions, costs: Sequence[float]) -> tuple[int, ...]:
    """The best path on which each subject that is named often has a place.

    Where one is drowned out, what speaks for it counts more and more, within bounds.
    """
    named = set(np.flatnonzero((mentions >= NAMED).sum(axis=0) >= _OFTEN).tolist())
    path = best_path(heard, costs)
    for _ in range(_ROUNDS):
        drowned = sorted(named - set(path))
        if not drowned:
            break
        heard = heard.copy()
        heard[:, drowned] = np.where(
            heard[:, drowned] > 0, _LOUDER * heard[:, drowned], heard[:, drowned]
        )
        path = best_path(heard, costs)
    return path
