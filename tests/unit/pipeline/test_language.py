"""The language of a text by its script."""

import pytest

from pipeline.language import detect_lang, is_spaced, primary_language


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("Welcome back, everyone!", "en"),
        ("大家好，欢迎来到直播间！", "zh"),
        ("Это хорошая новость.", "ru"),
        ("这款 iPhone 15 Pro Max 很好用", "zh"),
        ("Новый Galaxy S24 вышел", "ru"),
        ("The brand 小米 launched a phone", "en"),
        ("12.50!", "en"),
        ("", "en"),
    ],
)
def test_the_script_tells_the_language(text: str, lang: str) -> None:
    assert detect_lang(text) == lang


@pytest.mark.parametrize(
    ("lang", "spaced"),
    [
        ("en", True),
        ("ru", True),
        ("zh", False),
        ("zh-CN", False),
        ("ZH_hant", False),
        ("ja", False),
    ],
)
def test_only_some_languages_have_spaces(lang: str, spaced: bool) -> None:
    assert is_spaced(lang) is spaced


@pytest.mark.parametrize(
    ("tag", "lang"),
    [("en", "en"), ("zh-CN", "zh"), (" ZH_hant ", "zh"), ("", ""), ("-x", ""), ("ru-RU-x", "ru")],
)
def test_a_tag_begins_with_its_language(tag: str, lang: str) -> None:
    assert primary_language(tag) == lang
