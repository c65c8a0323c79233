"""A window's subjects in several calls: the numbers stay, and together they read as one answer."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.olp.batches import evenly, merged
from pipeline.olp.content_organizer import ContentOrganizer
from pipeline.olp.role import BatchedLogic
from pipeline.olp.topic_finder import TopicFinder
from pipeline.olp.topic_locator import TopicLocator
from pipeline.prompt_format import parse_user
from schemas.role_task import RoleTask
from schemas.roles import Role
from tests.role_tasks import GARDEN, found, resolved, role_task, window

NAMES = ["rose", "fern", "oak", "elm", "ash"]
TEXTS = [f"The {NAMES[n % 5]} stands at place {n}." for n in range(12)]


def locator_task(count: int) -> RoleTask:
    return role_task(Role.TOPIC_LOCATOR, window(TEXTS), found(*NAMES[:count]))


def organizer_task(count: int) -> RoleTask:
    spans = [(n, n, n + 3) for n in range(1, count + 1)]
    identities = [resolved(name, n) for n, name in enumerate(NAMES[:count], start=1)]
    return role_task(
        Role.CONTENT_ORGANIZER, window(TEXTS), found(*NAMES[:count]), spans, identities
    )


@st.composite
def legal(draw: st.DrawFn) -> tuple[BatchedLogic, RoleTask, list[dict[str, Any]]]:
    count = draw(st.integers(2, 5))
    if draw(st.booleans()):
        places = st.tuples(st.integers(1, 12), st.integers(1, 12)).map(sorted)
        spans = draw(st.lists(st.tuples(st.integers(1, count), places), max_size=12))
        items = [{"subject": who, "first": a, "last": b} for who, (a, b) in spans]
        return TopicLocator(), locator_task(count), items
    logic, task = ContentOrganizer(), organizer_task(count)
    names = st.lists(st.sampled_from(GARDEN.category_names), max_size=3, unique=True)
    items = [
        {"subject": who, "id": place, "categories": draw(names), "quote": draw(st.text())}
        for who in range(1, count + 1)
        for place in range(who, who + 4)
    ]
    return logic, task, draw(st.permutations(items))


@given(legal(), st.integers(1, 5))
def test_the_parts_of_a_legal_answer_read_as_the_whole(
    case: tuple[BatchedLogic, RoleTask, list[dict[str, Any]]], size: int
) -> None:
    logic, task, items = case
    whole = json.dumps({logic.listed: items})
    batches = [frozenset(batch) for batch in evenly(logic.asked(task), size)]
    answers = [
        (batch, json.dumps({logic.listed: [i for i in items if i["subject"] in batch]}))
        for batch in batches
    ]
    together = merged(logic, task, GARDEN, answers)
    assert together is not None
    assert together.reading == logic.read(task, GARDEN, whole)
    assert together.reading == logic.read(task, GARDEN, together.answer)
    assert together.answer.encode("utf-8")


@given(st.lists(st.integers(), unique=True, min_size=1, max_size=40), st.integers(0, 50))
def test_batches_are_few_alike_and_in_order(numbers: list[int], size: int) -> None:
    batches = evenly(numbers, size)
    assert [number for batch in batches for number in batch] == numbers
    sizes = {len(batch) for batch in batches}
    assert max(sizes) - min(sizes) <= 1
    assert len(batches) == (-(-len(numbers) // size) if size else 1)


def test_what_a_call_says_of_other_subjects_is_dropped_and_counted() -> None:
    logic, task = TopicLocator(), locator_task(2)

    def said(who: int, first: int) -> dict[str, int]:
        return {"subject": who, "first": first, "last": first}

    own = json.dumps({"spans": [said(1, 1), said(1, 6), said(1, 11)]})
    strays = json.dumps({"spans": [said(2, 2), said(1, 9)]})
    together = merged(logic, task, GARDEN, [(frozenset({1}), own), (frozenset({2}), strays)])
    assert together is not None
    assert together.reading.faults == ("spans: subject 1 was not asked about",)
    assert (together.reading.dropped, together.reading.items) == (1, 5)
    assert together.reading.valid
    assert not together.reading.clean
    assert json.loads(together.answer)["spans"][-1] == said(2, 2)


@pytest.mark.parametrize("useless", ["", "no idea", "{}", '{"spans": 7}', '{"spans": [{'])
def test_without_one_of_the_lists_there_is_no_answer(useless: str) -> None:
    good = '{"spans": [{"subject": 1, "first": 1, "last": 2}]}'
    answers = [(frozenset({1}), good), (frozenset({2}), useless)]
    assert merged(TopicLocator(), locator_task(2), GARDEN, answers) is None


@pytest.mark.parametrize("item", ["[" * 900 + "]" * 900, '{"quote": "\\ud800"}', "NaN", "7"])
def test_whatever_an_item_holds_the_merged_answer_can_be_sent_on(item: str) -> None:
    good = '{"spans": [{"subject": 1, "first": 1, "last": 2}, ' + item + "]}"
    together = merged(TopicLocator(), locator_task(2), GARDEN, [(frozenset({1}), good)])
    assert together is not None
    assert together.answer.encode("utf-8")
    assert together.reading.dropped == 1


@pytest.mark.parametrize(
    ("logic", "task"),
    [(TopicLocator(), locator_task(4)), (ContentOrganizer(), organizer_task(4))],
    ids=lambda value: type(value).__name__,
)
class TestAskedInParts:
    def test_subjects_keep_their_numbers(self, logic: BatchedLogic, task: RoleTask) -> None:
        part = parse_user(logic.prompt(task, GARDEN, only=frozenset({2, 4})).messages[1][1])
        whole = parse_user(logic.prompt(task, GARDEN).messages[1][1])
        assert [subject.number for subject in part.subjects] == [2, 4]
        assert part.subjects == (whole.subjects[1], whole.subjects[3])
        assert set(part.sentences) <= set(whole.sentences)

    def test_asked_about_all_it_is_the_same_chat(self, logic: BatchedLogic, task: RoleTask) -> None:
        every = frozenset(logic.asked(task))
        assert logic.prompt(task, GARDEN, only=every) == logic.prompt(task, GARDEN)

    def test_parts_share_instructions_and_version_and_have_a_digest_each(
        self, logic: BatchedLogic, task: RoleTask
    ) -> None:
        whole = logic.prompt(task, GARDEN)
        parts = [logic.prompt(task, GARDEN, only=frozenset({n})) for n in logic.asked(task)]
        assert {part.messages[0] for part in parts} == {whole.messages[0]}
        assert {part.version for part in parts} == {whole.version}
        assert len({part.digest for part in (*parts, whole)}) == 5

    def test_what_was_not_asked_is_a_fault(self, logic: BatchedLogic, task: RoleTask) -> None:
        item = {"subject": 1, "first": 1, "last": 2, "id": 1, "categories": ["look"]}
        answer = json.dumps({logic.listed: [item]})
        assert logic.read(task, GARDEN, answer, frozenset({2})).dropped >= 1


def test_only_what_asks_about_subjects_one_by_one_is_batched() -> None:
    assert isinstance(TopicLocator(), BatchedLogic)
    assert isinstance(ContentOrganizer(), BatchedLogic)
    assert not isinstance(TopicFinder(), BatchedLogic)


def test_a_subject_without_offered_sentences_is_not_asked_about() -> None:
    task = organizer_task(3)
    assert ContentOrganizer().asked(task.model_copy(update={"spans": task.spans[1:]})) == (2, 3)
