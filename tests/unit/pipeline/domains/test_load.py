"""Domain files: the ones that ship are sound, a new one needs no code, a mistake is one line."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.domains import load_domains, select_domains
from pipeline.errors import ConfigurationError
from schemas.roles import MODEL_ROLES

BUILT_IN = load_domains()
RECIPES = """
name = "recipes"
languages = ["en", "ru"]

[subject]
noun = { en = "dish" }

[[attributes]]
name = "minutes"

[[categories]]
name = "ingredients"
description = { en = "What goes in.", ru = "Из чего." }
[categories.cues]
en = ['\\bgrams?\\b']

[[categories]]
name = "steps"

[transitions.cues]
en = ['^next dish']

[prompts.topic_finder]
en = "Name the dishes."
"""
Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def file(text: str) -> Path:
        path = tmp_path / "own.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return file


class TestBuiltIn:
    def test_three_domains_ship(self) -> None:
        assert set(BUILT_IN) == {"ecommerce", "news", "shorts"}

    def test_news_has_stories_and_ecommerce_has_prices(self) -> None:
        assert BUILT_IN["news"].category_names == ("fact", "opinion", "forecast")
        assert BUILT_IN["news"].subject.noun["en"] == "story"
        assert [a.name for a in BUILT_IN["ecommerce"].attributes] == ["price"]

    @pytest.mark.parametrize("name", BUILT_IN)
    def test_every_role_has_instructions_in_every_language(self, name: str) -> None:
        domain = BUILT_IN[name]
        for role in MODEL_ROLES:
            for lang in domain.languages:
                assert domain.prompts[role.value][lang].strip(), (name, role, lang)

    @pytest.mark.parametrize("name", BUILT_IN)
    def test_everything_is_described_in_every_language(self, name: str) -> None:
        domain = BUILT_IN[name]
        for texts in (
            domain.subject.noun,
            domain.subject.description,
            *(category.description for category in domain.categories),
            *(attribute.description for attribute in domain.attributes),
        ):
            assert set(texts) >= set(domain.languages), (name, texts)

    @pytest.mark.parametrize("name", BUILT_IN)
    def test_instructions_say_that_the_text_is_data(self, name: str) -> None:
        for texts in BUILT_IN[name].prompts.values():
            assert all("<sentences>" in text for text in texts.values())


class TestOwnDomain:
    def test_a_new_domain_is_a_file(self, write: Write) -> None:
        domain = load_domains([write(RECIPES)])["recipes"]
        assert domain.category_names == ("ingredients", "steps")
        assert [a.name for a in domain.attributes] == ["minutes"]
        assert re.search(domain.categories[0].cues["en"][0], "two grams")
        assert domain.transitions["en"] == ("^next dish",)

    def test_it_stands_beside_the_built_in_ones(self, write: Write) -> None:
        assert set(load_domains([write(RECIPES)])) == {*BUILT_IN, "recipes"}

    def test_it_may_replace_a_built_in_one(self, write: Write) -> None:
        replaced = load_domains([write(RECIPES.replace('"recipes"', '"news"'))])
        assert replaced["news"].category_names == ("ingredients", "steps")

    def test_a_text_is_in_the_language_asked_for_or_in_the_first(self, write: Write) -> None:
        domain = load_domains([write(RECIPES)])["recipes"]
        texts = domain.categories[0].description
        assert domain.text(texts, "ru") == "Из чего."
        assert domain.text(texts, "zh") == "What goes in."
        assert domain.text({"de": "Zutaten"}, "zh") == "Zutaten"
        assert domain.text({}, "en") == ""


class TestMistakes:
    def mistake(self, path: Path) -> str:
        with pytest.raises(ConfigurationError) as caught:
            load_domains([path])
        assert len(str(caught.value).splitlines()) == 1
        return str(caught.value)

    @pytest.mark.parametrize(
        ("old", "new", "where"),
        [
            ('name = "recipes"', "", "name: Field required"),
            ('name = "recipes"', 'name = "My Recipes"', "name: "),
            ('name = "recipes"', 'name = "state"', "'state'"),
            ('languages = ["en", "ru"]', "languages = []", "languages: "),
            ('noun = { en = "dish" }', "", "subject.noun: Field required"),
            ('name = "ingredients"', 'name = "The Ingredients"', "categories.0.name: "),
            ('name = "ingredients"', 'name = "steps"', "category 'steps' is declared twice"),
            ('name = "minutes"', 'name = "minutes"\ncolour = 1', "attributes.0.colour: Extra"),
            (
                'name = "minutes"',
                'name = "minutes"\n[[attributes]]\nname = "minutes"',
                "attribute 'minutes' is declared twice",
            ),
            ("[prompts.topic_finder]", "[prompts.finder]", "prompts.finder: no such role"),
            ("^next dish", "(next dish", "is not a regular expression"),
            ("grams?", "*grams", "is not a regular expression"),
            ("[subject]", "[subject", "is not valid TOML"),
        ],
    )
    def test_the_file_and_the_key_are_named(
        self, write: Write, old: str, new: str, where: str
    ) -> None:
        line = self.mistake(write(RECIPES.replace(old, new, 1)))
        assert "own.toml" in line
        assert where in line

    def test_a_file_without_categories(self, write: Write) -> None:
        text = RECIPES[: RECIPES.index("[[categories]]")]
        assert "categories" in self.mistake(write(text))

    def test_a_file_that_is_not_there(self, tmp_path: Path) -> None:
        assert "cannot read the domain file" in self.mistake(tmp_path / "absent.toml")

    def test_a_file_that_is_not_utf8(self, tmp_path: Path) -> None:
        path = tmp_path / "own.toml"
        path.write_bytes(RECIPES.encode("utf-16"))
        assert "own.toml is not UTF-8 text" in self.mistake(path)


class TestSelect:
    def test_all_run_unless_some_are_named(self) -> None:
        assert select_domains(BUILT_IN, ()) == BUILT_IN
        assert list(select_domains(BUILT_IN, ("shorts", "news"))) == ["shorts", "news"]

    def test_an_unknown_name_is_told_with_the_known_ones(self) -> None:
        with pytest.raises(ConfigurationError, match=r"unknown domain 'sport'.*ecommerce, news"):
            select_domains(BUILT_IN, ("sport",))
