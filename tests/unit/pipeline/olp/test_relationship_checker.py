"""Relationship checker: the prompt's numbering, the pairs that are kept, the checks."""

import json
from typing import Any

import pytest

from pipeline.olp.registry import Registry
from pipeline.olp.relationship_checker import RelationshipChecker
from pipeline.olp.role import Reading
from pipeline.prompt_format import parse_user
from schemas.roles import Role
from tests.role_tasks import GARDEN, found, role_task, subject, window

TEXTS = [f"Sentence {number} about a plant." for number in range(1, 13)]
REGISTRY = Registry(subjects=(subject("rose"), subject("fern")))
TASK = role_task(
    Role.RELATIONSHIP_CHECKER,
    window(TEXTS, first_seq=100),
    found("rose bush", "oak", "rose"),
    [(1, 100, 108), (2, 111, 111)],
)


def read(*pairs: Any, registry: Registry = REGISTRY) -> Reading:
    return RelationshipChecker(registry).read(TASK, GARDEN, json.dumps({"same": pairs}))


def identities(reading: Reading) -> dict[str, tuple[int, ...]]:
    assert reading.task is not None
    return {r.subject.subject_id: r.numbers for r in reading.task.resolved}


def test_earlier_subjects_are_numbered_first_and_marked_as_known() -> None:
    task = parse_user(RelationshipChecker(REGISTRY).prompt(TASK, GARDEN).messages[1][1])
    assert [(s.number, s.name, s.known) for s in task.subjects] == [
        (1, "rose", True),
        (2, "fern", True),
        (3, "rose bush", False),
        (4, "oak", False),
        (5, "rose", False),
    ]


def test_evidence_is_where_a_subject_begins_and_only_its_sentences_are_shown() -> None:
    task = parse_user(RelationshipChecker(REGISTRY).prompt(TASK, GARDEN).messages[1][1])
    assert [s.evidence for s in task.subjects] == [(), (), (1, 2, 3, 4, 5), (12,), ()]
    assert [number for number, _ in task.sentences] == [1, 2, 3, 4, 5, 12]


def test_a_pair_with_an_earlier_subject_gives_its_identity() -> None:
    reading = read([1, 3])
    assert reading.clean
    assert identities(reading)["id-rose"] == (1, 3)


def test_equal_names_need_no_pair() -> None:
    assert identities(read())["id-rose"] == (3,)
    assert not read().checks["equal_names_paired"]
    assert read([1, 5]).checks["equal_names_paired"]


@pytest.mark.parametrize(
    "bad",
    [
        [1],
        [1, 2, 3],
        [0, 1],
        [1, 6],
        [-1, 2],
        [1, None],
        [1.5, 2],
        [True, 2],
        [[1], [2]],
        None,
        7,
        "1,2",
        {},
        {"1": 2},
    ],
)
def test_a_pair_that_cannot_be_is_dropped_and_named(bad: Any) -> None:
    good = [[1, 3], [1, 5], [3, 5], [5, 1]]
    reading = read(bad, *good)
    assert identities(reading) == identities(read(*good))
    assert reading.dropped == 1
    assert reading.faults == ("same[1]: needs two subject numbers within 1-5",)


def test_a_subject_paired_with_itself_says_nothing() -> None:
    reading = read([3, 3], [4, 4])
    assert reading.clean
    assert identities(reading) == identities(read())


def test_the_check_sees_everything_declared_the_same() -> None:
    everything = [[a, b] for a in range(1, 6) for b in range(a + 1, 6)]
    assert not read(*everything).checks["not_all_the_same"]
    assert read([1, 3], [1, 5]).checks["not_all_the_same"]


def test_with_one_subject_in_all_there_is_nothing_to_ask() -> None:
    alone = role_task(Role.RELATIONSHIP_CHECKER, window(TEXTS), found("oak"))
    skipped = RelationshipChecker(Registry()).skips(alone)
    assert skipped is not None
    assert [r.subject.name for r in skipped.resolved] == ["oak"]
    assert RelationshipChecker(REGISTRY).skips(alone) is None


def test_with_no_subject_in_the_window_there_is_nothing_to_ask() -> None:
    nobody = role_task(Role.RELATIONSHIP_CHECKER, window(TEXTS))
    skipped = RelationshipChecker(REGISTRY).skips(nobody)
    assert skipped is not None
    assert skipped.resolved == ()


def test_no_more_earlier_subjects_are_shown_than_asked_for() -> None:
    many = Registry(subjects=tuple(subject(f"plant {n}") for n in range(100)))
    task = parse_user(RelationshipChecker(many, shown=7).prompt(TASK, GARDEN).messages[1][1])
    assert sum(s.known for s in task.subjects) == 7
