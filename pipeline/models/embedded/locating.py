"""From the fit between sentences and subjects to spans."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.models.embedded.role_answers import SubjectSpan
from pipeline.models.embedded.segmentation import Emissions, best_path, runs
from pipeline.prompt_format import TaskPrompt


def spans(
    task: TaskPrompt, fit: Emissions, switch_costs: Sequence[float]
) -> tuple[SubjectSpan, ...]:
    """Spans of the task's subjects over all its sentences; `fit` has a column a subject."""
    path = best_path(fit, switch_costs)
    numbers = [number for number, _ in task.sentences]
    return tuple(
        SubjectSpan(task.subjects[column].number, numbers[first], numbers[last])
        for column, first, last in runs(path)
    )


def turn_costs(turns: Sequence[bool], plain: float, at_turn: float) -> tuple[float, ...]:
    """What it costs to change subject at each sentence: less where the speaker says so."""
    return tuple(at_turn if turn else plain for turn in turns)
