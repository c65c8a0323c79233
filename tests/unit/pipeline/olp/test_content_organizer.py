"""Content organizer: categories of the offered sentences, and nothing that was not offered."""

import json
from typing import Any

import pytest

from pipeline.olp.content_organizer import ContentOrganizer
from pipeline.olp.role import Reading
from pipeline.prompt_format import parse_user
from schemas.role_task import RoleTask
from schemas.roles import Role
from tests.role_tasks import GARDEN, found, resolved, role_task, window

TEXTS = ["Hello.", "The rose.", "Water it.", "The fern.", "It is green.", "Goodbye."]


def organizer_task(rose_spans: tuple[tuple[int, int, int], ...] = ((1, 2, 3),)) -> RoleTask:
    return role_task(
        Role.CONTENT_ORGANIZER,
        window(TEXTS),
        found("rose", "fern"),
        [*rose_spans, (2, 4, 5)],
        [resolved("rose", 1), resolved("fern", 2)],
    )


TASK = organizer_task()


def item(subject: Any, place: Any, *categories: Any, **more: Any) -> dict[str, Any]:
    return {"subject": subject, "id": place, "categories": list(categories), **more}


GOOD = [item(1, 2, "look"), item(1, 3, "care"), item(2, 4, "look", "place"), item(2, 5)]


def read(*items: Any, task: RoleTask = TASK) -> Reading:
    return ContentOrganizer().read(task, GARDEN, json.dumps({"items": items}))


def organized(reading: Reading) -> list[tuple[int, int, tuple[str, ...]]]:
    assert reading.task is not None
    return [(o.subject, o.seq, o.categories) for o in reading.task.organized]


def test_every_offered_sentence_gets_its_categories() -> None:
    reading = read(*GOOD)
    assert organized(reading) == [
        (1, 2, ("look",)),
        (1, 3, ("care",)),
        (2, 4, ("look", "place")),
        (2, 5, ()),
    ]
    assert reading.clean
    assert all(reading.checks.values())


def test_a_sentence_named_twice_has_the_categories_of_both() -> None:
    reading = read(*GOOD, item(1, 2, "care", "look"))
    assert (1, 2, ("look", "care")) in organized(reading)


@pytest.mark.parametrize(
    ("bad", "fault"),
    [
        (item(1, 4, "look"), "sentence 4 was not offered for 1"),
        (item(2, 2, "look"), "sentence 2 was not offered for 2"),
        (item(1, 99, "look"), "was not offered"),
        (item(3, 2, "look"), "was not offered"),
        (item(None, None, "look"), "was not offered"),
        (item(1, 2, "price"), "categories must be among care, look, place"),
        (item(1, 2, None), "categories must be"),
        (item(1, 2, ["look"]), "categories must be"),
        (item(1, 2, {"look": 1}), "categories must be"),
        (item(1, 2, 7), "categories must be"),
        ({"subject": 1, "id": 2, "categories": "look"}, "categories must be"),
        ({"subject": 1, "id": 2}, "categories must be"),
        ([], "was not offered"),
        (None, "was not offered"),
    ],
)
def test_an_item_that_was_not_asked_for_is_dropped_and_named(bad: Any, fault: str) -> None:
    reading = read(bad, *GOOD)
    assert organized(reading) == organized(read(*GOOD))
    assert (reading.dropped, reading.items) == (1, 5)
    assert reading.faults[0].startswith("items[1]: ")
    assert fault in reading.faults[0]


def test_an_answer_to_too_few_of_the_sentences_is_invalid() -> None:
    reading = read(*GOOD[:3])
    assert not reading.valid
    assert reading.task is None
    assert reading.faults == ("only 3 of 4 offered sentences are answered",)


def test_four_fifths_of_the_sentences_are_enough() -> None:
    task = organizer_task(((1, 1, 3),))
    reading = read(*GOOD, task=task)
    assert reading.valid
    assert not reading.checks["all_answered"]


def test_quotations_are_kept_for_the_format_checker() -> None:
    reading = read(item(1, 2, "look", quote="The rose"), *GOOD[1:])
    assert reading.task is not None
    assert reading.task.organized[0].quote == "The rose"


@pytest.mark.parametrize("quote", [None, 7, ["The"], "\ud800 x", "x\0", "x" * 9000])
def test_no_quotation_can_break_the_reading(quote: Any) -> None:
    reading = read(item(1, 2, "look", quote=quote), *GOOD[1:])
    assert reading.clean


def test_a_long_quotation_is_cut_not_lost() -> None:
    reading = read(item(1, 2, "look", quote="x" * 9000), *GOOD[1:])
    assert reading.task is not None
    assert reading.task.organized[0].quote == "x" * 2000


def test_the_checks_see_only_filler_one_category_and_too_many_labels() -> None:
    assert not read(*(item(i["subject"], i["id"]) for i in GOOD)).checks["not_all_filler"]
    everything = [item(i["subject"], i["id"], "care", "look", "place") for i in GOOD]
    assert not read(*everything).checks["few_labels_a_sentence"]
    wide = role_task(
        Role.CONTENT_ORGANIZER,
        window(["x"] * 8),
        found("rose"),
        [(1, 1, 8)],
        [resolved("rose", 1)],
    )
    same = [item(1, place, "look") for place in range(1, 9)]
    assert not read(*same, task=wide).checks["several_categories_seen"]


def test_a_united_subject_is_offered_the_sentences_of_all_its_names() -> None:
    task = TASK.model_copy(update={"resolved": (resolved("rose", 1, 2),)})
    prompt = parse_user(ContentOrganizer().prompt(task, GARDEN).messages[1][1])
    assert [(s.number, s.offered) for s in prompt.subjects] == [(1, (2, 3, 4, 5))]


def test_only_offered_sentences_are_in_the_prompt_under_their_own_numbers() -> None:
    prompt = parse_user(ContentOrganizer().prompt(TASK, GARDEN).messages[1][1])
    assert prompt.sentences == tuple((n, TEXTS[n - 1]) for n in (2, 3, 4, 5))
    assert prompt.categories == ("care", "look", "place")


def test_quotations_are_asked_for_only_where_wanted() -> None:
    plain = ContentOrganizer().prompt(TASK, GARDEN).json_schema["properties"]["items"]["items"]
    quoting = ContentOrganizer().prompt(TASK, GARDEN, quotes=True).json_schema
    assert "quote" not in plain["properties"]
    assert "quote" in quoting["properties"]["items"]["items"]["required"]


def test_without_a_located_sentence_there_is_nothing_to_ask() -> None:
    nowhere = TASK.model_copy(update={"spans": ()})
    skipped = ContentOrganizer().skips(nowhere)
    assert skipped is not None
    assert skipped.organized == ()
    assert ContentOrganizer().skips(TASK) is None
