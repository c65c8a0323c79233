"""One suite for every role that models serve: prompts are stable, no answer can do harm."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.domains import load_domains
from pipeline.olp.batches import merged
from pipeline.olp.role import MAX_DROPPED_SHARE, BatchedLogic, Reading
from pipeline.prompt_format import parse_user
from schemas.codec import decode, encode
from schemas.role_task import RoleTask
from schemas.roles import BATCHED_ROLES, MODEL_ROLES, Role
from tests.contract.json_schema import violations
from tests.contract.role_cases import (
    CASES,
    JSON,
    TEXTS,
    USELESS_ITEMS,
    WRONG_SHAPES,
    Case,
    offered,
    task,
)
from tests.role_tasks import GARDEN, role_task

every_role = pytest.mark.parametrize("case", CASES.values(), ids=[r.value for r in CASES])


def harmless(case: Case, reading: Reading) -> None:
    """Whatever was read names only what is in the task, and can be sent on."""
    assert reading.dropped >= 0
    assert all(isinstance(fault, str) and fault for fault in reading.faults)
    assert not reading.dropped or reading.faults
    assert 0.0 <= reading.score <= 1.0
    if reading.task is None:
        assert not reading.valid
        return
    done = reading.task
    assert decode(RoleTask, encode(done)) == done
    assert done.model_copy(update={case.part: getattr(case.task, case.part)}) == case.task
    seqs = {sentence.seq for sentence in case.task.window.sentences}
    numbers = {item.number for item in done.subjects}
    assert numbers == set(range(1, len(done.subjects) + 1))
    for span in done.spans:
        assert {span.first, span.last} <= seqs
        assert span.first <= span.last
        assert span.subject in numbers
    for item in done.organized:
        assert item.seq in seqs
        assert 1 <= item.subject <= len(done.resolved)
        assert set(item.categories) <= set(GARDEN.category_names)
    for one in done.resolved:
        assert set(one.numbers) <= numbers


def test_every_role_that_models_serve_has_a_case() -> None:
    assert set(CASES) == set(MODEL_ROLES)
    assert all(case.logic.role is role for role, case in CASES.items())


@every_role
class TestPrompt:
    def test_it_is_the_same_every_time(self, case: Case) -> None:
        again = copy.deepcopy(case)
        assert case.prompt() == again.prompt()

    def test_the_instructions_come_first_and_do_not_depend_on_the_data(self, case: Case) -> None:
        role = case.logic.role
        other = task(role, ["Quite another text about a fern."] * 6, window_id="another")
        first, second = case.prompt(), case.logic.prompt(other, GARDEN)
        assert [who for who, _ in first.messages] == ["system", "user"]
        assert first.messages[0] == second.messages[0]
        assert first.version == second.version
        assert first.digest != second.digest
        assert not any(text in first.messages[0][1] for text in TEXTS)

    def test_the_data_parses_back(self, case: Case) -> None:
        parsed = parse_user(case.prompt().messages[1][1])
        assert (parsed.role, parsed.domain, parsed.lang) == (case.logic.role.value, "garden", "en")
        texts = dict(enumerate(TEXTS, start=1))
        assert all(texts[number] == text for number, text in parsed.sentences)
        if case.logic.role is not Role.RELATIONSHIP_CHECKER:
            assert len(parsed.sentences) >= 5

    def test_text_of_the_stream_cannot_close_its_block(self, case: Case) -> None:
        assert case.prompt().messages[1][1].count("</sentences>") == 1

    def test_the_schema_accepts_the_answer(self, case: Case) -> None:
        assert violations(case.answer, case.prompt().json_schema) == []

    def test_the_schema_refuses_what_is_not_in_the_task(self, case: Case) -> None:
        schema = case.prompt().json_schema
        for wrong in case.wrong:
            if wrong == {"name": "unicorn"} or wrong in (offered(1, 3, "look"),):
                continue
            assert violations({case.key: [wrong]}, schema), wrong

    def test_the_schema_bounds_the_length(self, case: Case) -> None:
        endless = {case.key: case.answer[case.key] * 500}
        assert violations(endless, case.prompt().json_schema)

    def test_the_answer_fits_into_its_tokens(self, case: Case) -> None:
        assert len(json.dumps(case.answer)) / 2 < case.prompt().max_output_tokens

    @pytest.mark.parametrize("name", ["ecommerce", "news", "shorts"])
    @pytest.mark.parametrize("lang", ["en", "zh", "ru", "xx"])
    def test_every_domain_has_instructions_in_every_language(
        self, case: Case, name: str, lang: str
    ) -> None:
        domain = load_domains()[name]
        of = case.task.window.model_copy(update={"lang": lang, "domain": name})
        prompt = case.logic.prompt(case.task.model_copy(update={"window": of}), domain)
        system = prompt.messages[0][1]
        assert f'"{case.key}"' in system
        assert parse_user(prompt.messages[1][1]).lang == lang


@every_role
class TestRead:
    @pytest.mark.parametrize(
        "wrap", ["{}", "```json\n{}\n```", "Here you are:\n{}\nAnything else?", "\ufeff{}\n"]
    )
    def test_a_well_formed_answer_is_read_clean(self, case: Case, wrap: str) -> None:
        reading = case.read(wrap.replace("{}", json.dumps(case.answer)))
        harmless(case, reading)
        assert reading.clean
        assert reading.valid
        assert (reading.faults, reading.dropped) == ((), 0)
        assert reading.score == 1.0
        assert reading.task is not None
        assert getattr(reading.task, case.part)

    def test_reading_twice_gives_the_same(self, case: Case) -> None:
        text = json.dumps(case.answer)
        assert case.read(text) == case.read(text)

    @pytest.mark.parametrize("text", WRONG_SHAPES)
    def test_an_answer_of_the_wrong_shape_is_invalid_and_says_why(
        self, case: Case, text: str
    ) -> None:
        reading = case.read(text.replace("KEY", case.key))
        harmless(case, reading)
        assert not reading.valid
        assert reading.score == 0.0
        assert case.key in reading.faults[0]

    @pytest.mark.parametrize("filler", [" ", "x", "{", '{"a":1}'])
    def test_a_megabyte_is_invalid(self, case: Case, filler: str) -> None:
        text = filler * (1_000_000 // len(filler)) + json.dumps(case.answer)
        reading = case.read(text)
        harmless(case, reading)
        assert not reading.valid

    def test_an_answer_cut_anywhere_is_invalid_or_whole(self, case: Case) -> None:
        text = json.dumps(case.answer)
        for length in range(len(text)):
            reading = case.read(text[:length])
            harmless(case, reading)
            assert not reading.valid

    @pytest.mark.parametrize("item", USELESS_ITEMS)
    def test_an_answer_of_useless_items_is_invalid(self, case: Case, item: str) -> None:
        for count in (1, 3, 500):
            reading = case.read(f'{{"{case.key}": [{", ".join([item] * count)}]}}')
            harmless(case, reading)
            assert not reading.valid

    def test_what_is_not_in_the_task_is_dropped_and_named(self, case: Case) -> None:
        good = case.answer[case.key]
        whole = case.read(json.dumps(case.answer)).task
        for wrong in case.wrong:
            many = [*good * 4, wrong]
            reading = case.read(json.dumps({case.key: many}))
            harmless(case, reading)
            assert reading.task == whole
            assert (reading.valid, reading.clean, reading.dropped) == (True, False, 1)
            place = f"{case.key}[{len(many)}]: "
            assert reading.faults[0].startswith(place)
            assert len(reading.faults[0].splitlines()) == 1

    def test_more_wrong_than_a_quarter_is_invalid(self, case: Case) -> None:
        good = case.answer[case.key] * 3
        wrong = [case.wrong[0]] * (int(len(good) * MAX_DROPPED_SHARE / (1 - MAX_DROPPED_SHARE)) + 1)
        reading = case.read(json.dumps({case.key: [*good, *wrong]}))
        assert not reading.valid
        assert len(reading.faults) == len(wrong)

    @settings(max_examples=150)
    @given(items=st.lists(JSON, max_size=5), whole=st.booleans())
    def test_no_answer_raises_or_does_harm(self, case: Case, items: list[Any], whole: bool) -> None:
        good = case.answer[case.key] if whole else []
        text = json.dumps({case.key: [*good, *items]})
        harmless(case, case.read(text))
        harmless(case, case.read(json.dumps(items)))
        harmless(case, case.read(text[: len(text) // 2]))


@every_role
def test_a_role_asks_only_if_there_is_something_to_decide(case: Case) -> None:
    assert case.logic.skips(case.task) is None
    empty = role_task(case.logic.role, case.task.window)
    skipped = case.logic.skips(empty)
    if case.logic.role is Role.TOPIC_FINDER:
        assert skipped is None
    else:
        assert skipped == empty


BATCHED = {role: case for role, case in CASES.items() if role in BATCHED_ROLES}
every_batched_role = pytest.mark.parametrize(
    "case", BATCHED.values(), ids=[r.value for r in BATCHED]
)


def test_the_roles_that_are_asked_in_batches_are_those_that_say_so() -> None:
    can = {role for role, case in CASES.items() if isinstance(case.logic, BatchedLogic)}
    assert can == set(BATCHED_ROLES)


def batched(case: Case, answers: dict[int, str]) -> Reading | None:
    """What answers to calls about one subject each give together."""
    assert isinstance(case.logic, BatchedLogic)
    parts = [(frozenset({number}), answer) for number, answer in answers.items()]
    together = merged(case.logic, case.task, GARDEN, parts)
    return None if together is None else together.reading


def about(case: Case, number: int) -> str:
    """The part of the right answer that is about one subject."""
    return json.dumps({case.key: [i for i in case.answer[case.key] if i["subject"] == number]})


@every_batched_role
class TestBatched:
    def test_the_parts_together_are_the_answer(self, case: Case) -> None:
        reading = batched(case, {1: about(case, 1), 2: about(case, 2)})
        assert reading == case.read(json.dumps(case.answer))

    def test_every_part_has_a_schema_that_accepts_its_answer_alone(self, case: Case) -> None:
        assert isinstance(case.logic, BatchedLogic)
        only = frozenset({1})
        schema = case.logic.prompt(case.task, GARDEN, only=only).json_schema
        assert violations(json.loads(about(case, 1)), schema) == []
        assert violations(json.loads(about(case, 2)), schema)
        assert case.logic.read(case.task, GARDEN, about(case, 1), only).clean

    def test_a_part_begins_with_the_instructions_of_the_whole(self, case: Case) -> None:
        assert isinstance(case.logic, BatchedLogic)
        part = case.logic.prompt(case.task, GARDEN, only=frozenset({2}))
        assert part.messages[0] == case.prompt().messages[0]
        assert part.version == case.prompt().version
        parsed = parse_user(part.messages[1][1])
        assert [subject.number for subject in parsed.subjects] == [2]

    @pytest.mark.parametrize("text", WRONG_SHAPES)
    def test_one_answer_of_the_wrong_shape_leaves_none(self, case: Case, text: str) -> None:
        assert batched(case, {1: about(case, 1), 2: text.replace("KEY", case.key)}) is None

    @settings(max_examples=100)
    @given(items=st.lists(JSON, max_size=5), other=st.lists(JSON, max_size=5))
    def test_no_answers_raise_or_do_harm(
        self, case: Case, items: list[Any], other: list[Any]
    ) -> None:
        good = case.answer[case.key]
        for first, second in ((items, other), ([*good, *items], [*good, *other])):
            texts = [json.dumps({case.key: part}) for part in (first, second)]
            reading = batched(case, {1: texts[0], 2: texts[1]})
            assert reading is not None
            harmless(case, reading)


def test_only_the_content_organizer_changes_its_schema_for_quotations() -> None:
    changed = [
        role
        for role, case in CASES.items()
        if case.prompt().json_schema != case.prompt(quotes=True).json_schema
    ]
    assert changed == [Role.CONTENT_ORGANIZER]
