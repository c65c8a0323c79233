"""Chat between presentations is left out, a chatty sentence inside one is not."""

from __future__ import annotations

import numpy as np

from pipeline.domains import load_domains
from pipeline.models.embedded.course import Course, course
from pipeline.models.embedded.cues import cue_sheet
from pipeline.models.embedded.organizing import Decision

NOBODY = np.zeros(9)


def asides(*shares: float) -> Course:
    return Course(np.zeros(len(shares)), np.array(shares))


def test_a_run_of_chat_is_a_break_and_a_single_chatty_sentence_is_not() -> None:
    run = asides(0.1, 0.1, 0.9, 0.95, 0.9, 0.95, 0.1, 0.1, 0.1)
    assert [bool(b) for b in run.breaks(NOBODY)] == [False] * 2 + [True] * 4 + [False] * 3
    single = asides(0.1, 0.1, 0.1, 0.1, 0.9, 0.1, 0.1, 0.1, 0.1)
    assert not single.breaks(NOBODY).any()


def test_who_asks_for_a_larger_lead_of_chat_takes_fewer_breaks() -> None:
    run = asides(0.1, 0.1, 0.85, 0.85, 0.85, 0.85, 0.85, 0.1, 0.1)
    assert run.breaks(NOBODY).sum() == 5
    assert not run.breaks(NOBODY, chat_lead=1.5).any()


def test_chat_that_names_the_subject_belongs_to_it() -> None:
    run = asides(0.1, 0.1, 0.9, 0.95, 0.9, 0.95, 0.1, 0.1, 0.1)
    named = np.array([0.0, 0, 1.5, 1.5, 1.5, 1.5, 0, 0, 0])
    assert run.breaks(NOBODY).any()
    assert not run.breaks(named).any()


def test_changing_the_subject_costs_less_where_the_speaker_turns() -> None:
    costs = Course(np.array([0.0, 1.0, 0.5]), np.zeros(3)).switch_costs(3.0, 1.0)
    assert costs == (3.0, 1.0, 2.0)


def test_the_course_is_read_off_the_categories_that_open_and_chat() -> None:
    domain = load_domains()["ecommerce"]
    assert [c.name for c in domain.categories if c.opens] == ["opening"]
    assert [c.name for c in domain.categories if c.aside] == ["customer_interaction"]
    texts = (
        "the lining is cotton and it has two pockets",
        "next up is the umbrella",
        "thank you for the follow, write your question in the comments",
    )
    scores = cue_sheet(domain, "en").scores(texts)
    flow = course(domain, scores, (False, True, False), texts, "en", Decision())
    assert int(np.argmax(flow.turning)) == 1
    assert int(np.argmax(flow.aside)) == 2
    assert course(domain, scores[:0], (), (), "en", Decision()).switch_costs(1, 0) == ()
