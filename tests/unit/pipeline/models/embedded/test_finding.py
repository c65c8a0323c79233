"""The finder keeps what a stretch is about and drops what is mentioned on the way."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from pipeline.domains import load_domains
from pipeline.models.embedded.phrases import Head
from pipeline.models.embedded.rules import RulesMethods
from pipeline.prompt_format import TaskPrompt


@pytest.fixture(scope="module")
def rules() -> RulesMethods:
    return RulesMethods(load_domains()["ecommerce"])


def found(rules: RulesMethods, lang: str, texts: Sequence[str]) -> list[str]:
    task = TaskPrompt(
        "topic_finder", "ecommerce", lang, ("price",), (), (), tuple(enumerate(texts, start=1))
    )
    return [subject.name for subject in rules.find(task)]


KETTLE = (
    "next up is the electric kettle",
    "the kettle holds two litres and it is made of steel",
    "it boils in three minutes, like a pan on a gas stove",
    "the kettle has a lid that stays cool",
    "the kettle is twenty nine dollars",
)


def test_a_thing_that_is_mentioned_on_the_way_is_no_subject(rules: RulesMethods) -> None:
    assert found(rules, "en", KETTLE) == ["kettle"]


def test_things_that_go_by_number_are_found_by_number(rules: RulesMethods) -> None:
    texts = (
        "this is number four, she is a sweater",
        "the sweater is knitted and very soft",
        "number four is thirty dollars",
        "okay number five is next",
        "this sweater has a zip",
        "number five is forty dollars, go to the cart",
    )
    assert found(rules, "en", texts) == ["number four", "number five"]


def test_chinese_names_that_the_word_cutter_splits_are_found(rules: RulesMethods) -> None:
    texts = (
        "接下来给大家介绍收纳盒。",
        "这个收纳盒有三层，盖子可以拆。",
        "收纳盒放在床底下刚刚好。",
        "今天只要二十块钱。",
    )
    assert found(rules, "zh", texts) == ["收纳盒"]


def test_a_chinese_thing_named_only_where_the_speaker_turns_to_it_is_found(
    rules: RulesMethods,
) -> None:
    texts = (
        "接下来给大家介绍收纳盒。",
        "这个收纳盒有三层，盖子可以拆。",
        "收纳盒放在床底下刚刚好。",
        "好，最后给大家带来的是家里都要用的雨伞。",
        "十根骨架，风再大也不会翻。",
        "今天只要三十块钱。",
    )
    assert found(rules, "zh", texts) == ["收纳盒", "雨伞"]


def test_nothing_is_found_in_chat(rules: RulesMethods) -> None:
    texts = ("hello everyone", "thank you for joining", "where are you from", "yes", "okay")
    assert found(rules, "en", texts) == []


def test_a_glass_of_water_is_no_thing_whatever_the_cutter_takes_it_for(
    rules: RulesMethods,
) -> None:
    assert rules.head_worth(Head("杯水", ()), "zh") == 0.0
    assert rules.head_worth(Head("水杯", ()), "zh") == 1.0
