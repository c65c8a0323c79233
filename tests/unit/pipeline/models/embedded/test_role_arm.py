"""Arms made of code keep to the token limits they are given."""

from __future__ import annotations

import json

import pytest

from pipeline.domains import load_domains
from pipeline.models.embedded.arm import ContextLengthError
from pipeline.models.embedded.role_arm import RoleArm
from pipeline.models.embedded.rules import RulesMethods
from tests.unit.pipeline.models.embedded.tasks import LAMP_AND_MUG, chat, organizer

METHODS = {"ecommerce": RulesMethods(load_domains()["ecommerce"])}
TASK = chat(organizer(LAMP_AND_MUG, "desk lamp"))


def characters(text: str) -> int:
    return len(text)


def test_tokens_are_counted_by_the_given_counter() -> None:
    answer = RoleArm("rules", METHODS, characters).answer(TASK, None, 10_000)
    assert answer.prompt_tokens == sum(len(message.content) for message in TASK)
    assert answer.completion_tokens == len(answer.text)
    assert len(json.loads(answer.text)["items"]) == len(LAMP_AND_MUG)


def test_an_answer_beyond_the_limit_is_cut_there() -> None:
    arm = RoleArm("rules", METHODS, characters)
    whole = arm.answer(TASK, None, 10_000).text
    cut = arm.answer(TASK, None, 50)
    assert (cut.text, cut.finish_reason, cut.completion_tokens) == (whole[:50], "length", 50)


def test_a_prompt_beyond_the_context_is_refused() -> None:
    with pytest.raises(ContextLengthError):
        RoleArm("rules", METHODS, characters, context_tokens=100).answer(TASK, None, 10)
