"""Scores against what people say, each computed by hand."""

from typing import Any

import pytest

from pipeline.olp.feedback import f1, quality, same_name
from schemas.rewards import Feedback, FeedbackSentence, FeedbackSubject
from schemas.role_task import FoundSubject, RoleTask
from schemas.roles import Role
from tests.role_tasks import AT, found, resolved, role_task, sorted_in, window

WINDOW = window([f"text {n}" for n in range(1, 11)])
ROSE = FeedbackSubject(key="r", name="rose", aliases=("red rose",))
FERN = FeedbackSubject(key="f", name="fern")
OAK = FeedbackSubject(key="o", name="oak")
LABELS = "rrrrrfffo-"
"""By seq from 1: five sentences of the rose, three of the fern, one of the oak, one of nobody."""


def feedback(
    labels: str = LABELS, categories: dict[int, tuple[str, ...]] | None = None, **also: Any
) -> Feedback:
    known = categories or {}
    return Feedback(
        domain="garden",
        stream_id="walk",
        subjects=(ROSE, FERN, OAK),
        sentences=tuple(
            FeedbackSentence(
                seq=seq,
                subject=None if key == "-" else key,
                categories=known.get(seq, ()),
                also=also.get("also", {}).get(seq, ()),
            )
            for seq, key in enumerate(labels, start=1)
            if key != " "
        ),
        at=AT,
    )


def task(role: Role, *names: str, **parts: Any) -> RoleTask:
    return role_task(role, WINDOW, found(*names), **parts)


class TestTopicFinder:
    @pytest.mark.parametrize(
        ("names", "score"),
        [
            (("rose", "fern"), 1.0),
            (("rose", "fern", "oak"), 1.0),  # a passing mention is neither asked for nor wrong
            (("the red rose", "fern"), 1.0),
            (("rose",), 2 / 3),  # recall 1/2, precision 1
            (("rose", "fern", "tulip", "lily"), 2 / 3),  # recall 1, precision 1/2
            (("rose", "tulip"), 1 / 2),  # recall 1/2, precision 1/2
            (("tulip",), 0.0),
            (("oak",), 0.0),
            ((), 0.0),
        ],
    )
    def test_f1_of_names(self, names: tuple[str, ...], score: float) -> None:
        task_ = task(Role.TOPIC_FINDER, *names)
        assert quality(Role.TOPIC_FINDER, task_, feedback()) == pytest.approx(score)

    def test_nothing_to_find_and_nothing_found_says_nothing(self) -> None:
        silent = feedback("----------")
        assert quality(Role.TOPIC_FINDER, task(Role.TOPIC_FINDER), silent) is None
        assert quality(Role.TOPIC_FINDER, task(Role.TOPIC_FINDER, "rose"), silent) == 0.0


class TestTopicLocator:
    @pytest.mark.parametrize(
        ("spans", "score"),
        [
            ([(1, 1, 5), (2, 6, 8)], 1.0),
            ([(1, 1, 4), (2, 6, 8)], 14 / 15),  # right 7, answered 7, wanted 8
            ([(1, 1, 10), (2, 6, 8)], 16 / 21),  # right 8, answered 13, wanted 8
            ([(1, 6, 8), (2, 1, 5)], 0.0),
            ([], 0.0),
        ],
    )
    def test_f1_of_subject_and_sentence(
        self, spans: list[tuple[int, int, int]], score: float
    ) -> None:
        task_ = task(Role.TOPIC_LOCATOR, "rose", "fern", spans=spans)
        assert quality(Role.TOPIC_LOCATOR, task_, feedback()) == pytest.approx(score)

    def test_subjects_it_was_not_given_are_not_held_against_it(self) -> None:
        task_ = task(Role.TOPIC_LOCATOR, "rose", "tulip", spans=[(1, 1, 5), (2, 6, 10)])
        assert quality(Role.TOPIC_LOCATOR, task_, feedback()) == 1.0

    def test_no_subject_that_people_know_says_nothing(self) -> None:
        task_ = task(Role.TOPIC_LOCATOR, "tulip", spans=[(1, 1, 5)])
        assert quality(Role.TOPIC_LOCATOR, task_, feedback()) is None


class TestRelationshipChecker:
    @pytest.mark.parametrize(
        ("identities", "score"),
        [
            ([resolved("rose", 1, 2), resolved("fern", 3)], 1.0),
            # pairs 12 wanted, 13 and 23 not: 2 of 3; each identity holds only its own: 3 of 3
            ([resolved("rose", 1), resolved("rose", 2), resolved("fern", 3)], 5 / 6),
            # 12 right, 13 and 23 wrong; rose's identity holds the fern: 2 of 3
            ([resolved("rose", 1, 2, 3)], 3 / 6),
        ],
    )
    def test_share_of_pairs_judged_alike(self, identities: Any, score: float) -> None:
        task_ = task(Role.RELATIONSHIP_CHECKER, "rose", "red rose", "fern", identities=identities)
        assert quality(Role.RELATIONSHIP_CHECKER, task_, feedback()) == pytest.approx(score)

    def test_strangers_say_nothing(self) -> None:
        task_ = task(Role.RELATIONSHIP_CHECKER, "tulip", identities=[resolved("tulip", 1)])
        assert quality(Role.RELATIONSHIP_CHECKER, task_, feedback()) is None


class TestContentOrganizer:
    GOLD = feedback("rrrr      ", {1: ("look",), 2: ("look", "care"), 3: ()}, also={3: ("place",)})

    @pytest.mark.parametrize(
        ("said", "score"),
        [
            ([(1, "look"), (2, "look", "care"), (3,)], 1.0),
            ([(1, "look"), (2, "look"), (3,)], 4 / 5),  # right 2, answered 2, wanted 3
            ([(1, "look"), (2, "look", "care"), (3, "place")], 1.0),  # also accepted
            ([(1, "look", "care"), (2, "look", "care"), (3, "care")], 6 / 8),
            ([(1, "care")], 0.0),
            ([(1, "look")], 1.0),  # what it was not offered is not asked for
        ],
    )
    def test_micro_f1_of_categories(self, said: list[Any], score: float) -> None:
        organized = [sorted_in(1, seq, *names) for seq, *names in said]
        task_ = task(Role.CONTENT_ORGANIZER, "rose", organized=organized)
        assert quality(Role.CONTENT_ORGANIZER, task_, self.GOLD) == pytest.approx(score)

    def test_sentences_nobody_labelled_say_nothing(self) -> None:
        task_ = task(Role.CONTENT_ORGANIZER, "rose", organized=[sorted_in(1, 9, "look")])
        assert quality(Role.CONTENT_ORGANIZER, task_, self.GOLD) is None

    def test_few_labels_are_enough(self) -> None:
        task_ = task(Role.CONTENT_ORGANIZER, "rose", organized=[sorted_in(1, 1, "look")])
        only = feedback("r         ", {1: ("look",)})
        assert quality(Role.CONTENT_ORGANIZER, task_, only) == 1.0


@pytest.mark.parametrize("role", [Role.TOPIC_FINDER, Role.TOPIC_LOCATOR, Role.RELATIONSHIP_CHECKER])
def test_a_window_labelled_in_part_only_is_not_scored(role: Role) -> None:
    task_ = task(role, "rose", "fern", spans=[(1, 1, 5)], identities=[resolved("rose", 1, 2)])
    assert quality(role, task_, feedback("rrrrrff   ")) is None
    assert quality(role, task_, feedback("rrrrrfff  ")) is not None


@pytest.mark.parametrize("role", Role)
def test_feedback_about_other_sentences_says_nothing(role: Role) -> None:
    elsewhere = role_task(role, window(["x"], first_seq=900), found("rose"))
    assert quality(role, elsewhere, feedback()) is None


@pytest.mark.parametrize("role", [Role.CHUNK_SPLITTER, Role.FORMAT_CHECKER])
def test_roles_of_code_are_not_scored(role: Role) -> None:
    assert quality(role, task(role, "rose"), feedback()) is None


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("rose", "Rose", True),
        ("old  rose", "the OLD rose", True),
        ("rose", "roses", False),
        ("the old rose", "rose", True),
        ("玫瑰", "红玫瑰花", True),
        ("红", "红玫瑰", False),
        ("", "rose", False),
        ("fern", "rose", False),
    ],
)
def test_names_are_the_same_by_whole_words(left: str, right: str, same: bool) -> None:
    assert same_name([left], [right]) is same
    assert same_name([right], ["nothing", left]) is same


def test_f1_by_hand() -> None:
    assert f1(2, 4, 4) == 0.5
    assert f1(0, 0, 3) == 0.0
    assert f1(0, 0, 0) is None


def test_an_alias_the_arm_gave_counts() -> None:
    aliased = FoundSubject(number=1, name="Rosa", aliases=("rose",))
    task_ = role_task(Role.TOPIC_FINDER, WINDOW, [aliased, *found("x", "fern")[1:]])
    assert quality(Role.TOPIC_FINDER, task_, feedback()) == 1.0
