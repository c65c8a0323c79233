"""Topic locator: spans inside the window, joined where they touch, checked for coverage."""

import json
from typing import Any

import pytest

from pipeline.olp.role import Reading
from pipeline.olp.topic_locator import TopicLocator
from schemas.roles import Role
from tests.role_tasks import GARDEN, found, role_task, window

TEXTS = ["The rose.", "It is red.", "The fern.", "It is green.", "Back to the rose.", "Goodbye."]
WINDOW = window(TEXTS, first_seq=10, gap=10)
TASK = role_task(Role.TOPIC_LOCATOR, WINDOW, found("rose", "fern"))


def span(subject: Any, first: Any, last: Any) -> dict[str, Any]:
    return {"subject": subject, "first": first, "last": last}


def read(*spans: Any) -> Reading:
    return TopicLocator().read(TASK, GARDEN, json.dumps({"spans": spans}))


def located(reading: Reading) -> list[tuple[int, int, int]]:
    assert reading.task is not None
    return [(s.subject, s.first, s.last) for s in reading.task.spans]


def test_local_numbers_become_seqs() -> None:
    reading = read(span(1, 1, 2), span(2, 3, 4), span(1, 5, 5))
    assert located(reading) == [(1, 10, 20), (1, 50, 50), (2, 30, 40)]
    assert reading.clean
    assert all(reading.checks.values())


def test_spans_that_touch_or_overlap_are_joined() -> None:
    assert located(read(span(1, 1, 2), span(1, 3, 3))) == [(1, 10, 30)]
    assert located(read(span(1, 2, 5), span(1, 1, 3), span(1, 3, 4))) == [(1, 10, 50)]
    assert located(read(span(1, 1, 1), span(1, 3, 3))) == [(1, 10, 10), (1, 30, 30)]


def test_spans_of_two_subjects_stay_apart() -> None:
    assert located(read(span(1, 1, 3), span(2, 3, 4))) == [(1, 10, 30), (2, 30, 40)]


def test_numbers_in_other_spellings_are_read() -> None:
    assert located(read(span("1", 1.0, "2"))) == [(1, 10, 20)]


@pytest.mark.parametrize(
    ("bad", "fault"),
    [
        (span(3, 1, 2), "there is no subject 3"),
        (span(0, 1, 2), "there is no subject 0"),
        (span(1, 0, 2), "0-2 is not a range within 1-6"),
        (span(1, 1, 7), "1-7 is not a range within 1-6"),
        (span(1, 4, 2), "4-2 is not a range within 1-6"),
        (span(1, -3, -1), "not a range"),
        (span(None, 1, 2), "needs whole numbers"),
        (span(True, 1, 2), "needs whole numbers"),
        (span(1, 1.5, 2), "needs whole numbers"),
        (span(1, [1], {}), "needs whole numbers"),
        ({}, "needs whole numbers"),
        ([1, 1, 2], "needs whole numbers"),
        (None, "needs whole numbers"),
    ],
)
def test_a_span_that_cannot_be_is_dropped_and_named(bad: Any, fault: str) -> None:
    good = [span(1, 1, 2), span(2, 3, 4), span(1, 5, 5)]
    reading = read(bad, *good)
    assert located(reading) == located(read(*good))
    assert reading.valid
    assert (reading.dropped, reading.items) == (1, 4)
    assert reading.faults[0].startswith("spans[1]: ")
    assert fault in reading.faults[0]


def test_more_than_a_quarter_dropped_is_invalid() -> None:
    assert not read(span(9, 1, 1), span(1, 1, 2)).valid


def test_the_checks_see_a_subject_without_a_place() -> None:
    assert not read(span(1, 1, 6)).checks["every_subject_located"]


def test_the_checks_see_names_spoken_outside_of_their_spans() -> None:
    assert not read(span(1, 6, 6), span(2, 6, 6)).checks["mentions_inside"]


def test_the_checks_see_spans_on_top_of_each_other() -> None:
    assert not read(span(1, 1, 6), span(2, 1, 6)).checks["little_overlap"]


def test_without_subjects_there_is_nothing_to_ask() -> None:
    empty = role_task(Role.TOPIC_LOCATOR, WINDOW)
    skipped = TopicLocator().skips(empty)
    assert skipped is not None
    assert skipped.spans == ()
    assert TopicLocator().skips(TASK) is None


def test_the_schema_knows_the_bounds() -> None:
    fields = TopicLocator().prompt(TASK, GARDEN).json_schema["properties"]["spans"]["items"]
    assert fields["properties"]["subject"]["maximum"] == 2
    assert fields["properties"]["last"]["maximum"] == 6
