"""Names are heard whole or in part; numbers only whole; nothing is about what is not named yet."""

from __future__ import annotations

import numpy as np

from pipeline.models.embedded.mentions import mention_strengths, not_before_named
from pipeline.prompt_format import PromptSubject


def test_a_number_is_heard_only_as_a_whole() -> None:
    subject = PromptSubject(1, "number one")
    heard = mention_strengths([subject], ["number one is lined", "this is the one"], "en")
    assert heard[0, 0] > 1
    assert heard[1, 0] == 0


def test_a_modifier_alone_counts_less_than_the_kind() -> None:
    subject = PromptSubject(1, "washing powder")
    kind, modifier = mention_strengths(
        [subject], ["a spoon of powder", "for any washing machine"], "en"
    )[:, 0]
    assert kind > modifier > 0


def test_a_part_of_a_name_counts_less_than_the_name() -> None:
    subject = PromptSubject(1, "garden hose")
    whole, part, none = mention_strengths(
        [subject], ["take the garden hose", "roll up the hose", "hello"], "en"
    )[:, 0]
    assert whole > part > none == 0


def test_nothing_speaks_for_a_subject_before_it_is_named() -> None:
    mentions = np.array([[0.0, 1.5], [0.0, 0.0], [1.5, 0.0]])
    fit = not_before_named(np.ones((3, 2)), mentions)
    assert (fit[:2, 0] < 0).all()
    assert fit[2, 0] == 1
    assert (fit[:, 1] == 1).all()


def test_a_whole_name_is_heard_in_full_though_its_kind_is_shared() -> None:
    coats = [PromptSubject(1, "trench coat"), PromptSubject(2, "rain coat")]
    whole = mention_strengths(coats, ["the trench coat is lined"], "en")[0]
    alone = mention_strengths(coats[:1], ["the trench coat is lined"], "en")[0, 0]
    assert whole[0] == alone
    assert whole[1] < whole[0] / 2
