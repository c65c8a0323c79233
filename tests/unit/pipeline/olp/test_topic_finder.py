"""Topic finder: what is kept of an answer, and what the free checks say of it."""

import json
from typing import Any

import pytest

from pipeline.olp.role import Reading
from pipeline.olp.topic_finder import MAX_SUBJECTS, TopicFinder
from schemas.roles import Role
from tests.role_tasks import GARDEN, role_task, window

TEXTS = [
    "Here stands the old rose.",
    "The rose is two metres tall.",
    "Behind it grows a fern, the lady fern.",
    "Ferns like shade.",
    "Both need water.",
    "That is all.",
]
TASK = role_task(Role.TOPIC_FINDER, window(TEXTS))


def read(subjects: Any, texts: list[str] | None = None) -> Reading:
    task = TASK if texts is None else role_task(Role.TOPIC_FINDER, window(texts))
    return TopicFinder().read(task, GARDEN, json.dumps({"subjects": subjects}))


def named(name: Any, aliases: Any = (), attributes: Any = None) -> dict[str, Any]:
    return {"name": name, "aliases": aliases, "attributes": attributes or {}}


def names(reading: Reading) -> list[str]:
    assert reading.task is not None
    return [subject.name for subject in reading.task.subjects]


def test_subjects_are_numbered_in_the_order_they_are_named() -> None:
    reading = read([named("old rose"), named("lady fern", ["fern"])])
    assert reading.clean
    assert reading.task is not None
    assert [(s.number, s.name, s.aliases) for s in reading.task.subjects] == [
        (1, "old rose", ()),
        (2, "lady fern", ("fern",)),
    ]
    assert all(reading.checks.values())


def test_only_attributes_of_the_domain_are_kept() -> None:
    reading = read([named("rose", (), {"height": "two metres", "colour": "red"})])
    assert reading.task is not None
    assert reading.task.subjects[0].attributes == {"height": "two metres"}


def test_an_attribute_without_a_value_is_left_out() -> None:
    reading = read([named("rose", (), {"height": None})])
    assert reading.task is not None
    assert reading.task.subjects[0].attributes == {}


def test_a_name_that_the_text_does_not_bear_out_is_dropped_by_name() -> None:
    reading = read([named("rose"), named("fern"), named("tulip"), named("lady fern"), named("old")])
    assert "tulip" not in names(reading)
    assert reading.dropped == 1
    assert reading.valid
    assert not reading.clean
    assert "subjects[3]: 'tulip' is not named in the sentences" in reading.faults


def test_a_name_is_borne_out_by_half_of_its_words_or_by_an_alias() -> None:
    assert names(read([named("giant rose")])) == ["giant rose"]
    assert names(read([named("Polypodiopsida", ["fern"])])) == ["Polypodiopsida"]


def test_a_chinese_name_is_borne_out_by_half_of_its_pairs() -> None:
    texts = ["这是红色玫瑰花", "很好看"]
    assert names(read([named("玫瑰花")], texts)) == ["玫瑰花"]
    assert names(read([named("白玫瑰花")], texts)) == ["白玫瑰花"]
    assert names(read([named("郁金香")], texts)) == []


def test_the_same_name_twice_is_one_subject() -> None:
    reading = read([named("rose"), named("Rose"), named(" ROSE ")])
    assert names(reading) == ["rose"]
    assert reading.clean


def test_a_name_without_a_letter_or_digit_is_no_name() -> None:
    reading = read([named("{"), named("rose", ["[]", "…"])], [*TEXTS, '{"subjects":[]} …'])
    assert names(reading) == ["rose"]
    assert reading.dropped == 1
    assert reading.task is not None
    assert reading.task.subjects[0].aliases == ()


def test_repeated_aliases_and_the_name_itself_are_no_aliases() -> None:
    reading = read([named("rose", ["Rose", "bush", "bush", "", None, 7, *list("abcdefgh")])])
    assert reading.task is not None
    assert reading.task.subjects[0].aliases == ("bush", "a", "b", "c", "d", "e")


@pytest.mark.parametrize("item", [None, 7, "rose", [], {}, named(None), named(""), named(["rose"])])
def test_an_item_that_is_no_subject_is_a_fault(item: Any) -> None:
    reading = read([named("rose"), item, named("fern"), named("lady fern"), named("old rose")])
    assert names(reading) == ["rose", "fern", "lady fern", "old rose"]
    assert reading.faults[0].startswith("subjects[2]: ")
    assert len(reading.faults) == reading.dropped == 1


def test_an_answer_of_junk_is_invalid_however_long() -> None:
    for length in (1, 4, 48, 49, 1000):
        assert not read([7] * length).valid


def test_subjects_beyond_the_most_are_dropped_by_name() -> None:
    texts = [f"Plant{number} grows." for number in range(200)]
    few = read([named(f"plant{number}") for number in range(MAX_SUBJECTS)], texts)
    some = read([named(f"plant{number}") for number in range(MAX_SUBJECTS + 2)], texts)
    many = read([named(f"plant{number}") for number in range(200)], texts)
    assert few.clean
    assert len(names(some)) == MAX_SUBJECTS
    assert (some.valid, some.dropped) == (True, 2)
    assert any(f"more than {MAX_SUBJECTS}" in fault for fault in some.faults)
    assert not many.valid


def test_no_subject_at_all_is_an_answer() -> None:
    reading = read([])
    assert reading.clean
    assert names(reading) == []
    assert not reading.checks["something_found"]
    assert read([], ["Good morning."]).checks["something_found"]


def test_the_checks_see_names_that_are_invented_long_or_too_many() -> None:
    assert not read([named("giant rose")]).checks["names_verbatim"]
    assert not read([named("rose " + "x" * 80)]).checks["names_are_short"]
    three = read([named("rose"), named("fern"), named("water")])
    assert not three.checks["not_too_many"]


def test_a_window_always_has_to_be_read() -> None:
    assert TopicFinder().skips(TASK) is None


def test_the_prompt_asks_for_the_attributes_of_the_domain() -> None:
    prompt = TopicFinder().prompt(TASK, GARDEN)
    system = prompt.messages[0][1]
    assert "Name the plants." in system
    assert "- height: How tall it grows." in system
    assert "Anything that grows." in system
    subject = prompt.json_schema["properties"]["subjects"]["items"]
    assert list(subject["properties"]["attributes"]["properties"]) == ["height"]


def test_the_prompt_speaks_the_language_of_the_window() -> None:
    russian = role_task(Role.TOPIC_FINDER, window(["Вот роза."], lang="ru"))
    chinese = role_task(Role.TOPIC_FINDER, window(["玫瑰"], lang="zh"))
    finder = TopicFinder()
    assert "Назовите растения." in finder.prompt(russian, GARDEN).messages[0][1]
    assert "Name the plants." in finder.prompt(chinese, GARDEN).messages[0][1]
    assert finder.prompt(russian, GARDEN).version != finder.prompt(TASK, GARDEN).version
