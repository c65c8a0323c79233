"""A subject lasts until the next one, without the chat in between."""

from __future__ import annotations

import numpy as np

from pipeline.models.embedded.course import Course
from pipeline.models.embedded.locating import spans
from pipeline.prompt_format import PromptSubject, TaskPrompt


def test_spans_leave_breaks_out_and_take_the_subject_up_again() -> None:
    task = TaskPrompt(
        "topic_locator",
        "ecommerce",
        "en",
        (),
        (),
        (PromptSubject(1, "lamp"), PromptSubject(2, "mug")),
        tuple((number, "text") for number in range(11, 23)),
    )
    fit = np.zeros((12, 2))
    fit[[0, 1, 6], 0] = 1.5
    fit[[8, 9, 10], 1] = 1.5
    aside = np.full(12, 0.05)
    aside[2:6] = 0.97
    flow = Course(np.zeros(12), aside)
    found = spans(task, fit, fit, flow, flow.switch_costs(3.0, 1.0))
    assert [(s.subject, s.first, s.last) for s in found] == [(1, 11, 12), (1, 17, 18), (2, 19, 22)]


def test_what_is_named_has_a_place_beside_what_is_named_more_often() -> None:
    task = TaskPrompt(
        "topic_locator",
        "ecommerce",
        "en",
        (),
        (),
        (PromptSubject(1, "lamp"), PromptSubject(2, "mug")),
        tuple((number, "text") for number in range(1, 13)),
    )
    fit = np.zeros((12, 2))
    fit[[0, 1, 2], 0] = 1.0
    fit[6:, 1] = 1.5
    flow = Course(np.zeros(12), np.full(12, 0.05))
    costs = flow.switch_costs(4.0, 1.0)
    assert {s.subject for s in spans(task, fit, np.zeros((12, 2)), flow, costs)} == {2}
    found = spans(task, fit, fit, flow, costs)
    assert [(s.subject, s.first, s.last) for s in found] == [(1, 1, 6), (2, 7, 12)]
