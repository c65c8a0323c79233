"""Cues are weighed on the domain's own examples."""

from __future__ import annotations

from pipeline.domains import Category, CueSet, Domain, SubjectGuide, load_domains
from pipeline.models.embedded.cues import cue_sheet
from tests.unit.pipeline.models.embedded.tasks import bare_domain


def domain() -> Domain:
    return Domain(
        name="toy",
        languages=("en",),
        subject=SubjectGuide({"en": "toy"}, {}),
        attributes=(),
        categories=(
            Category("price", {}, {"en": (r"\bdollars\b", r"\bit\b")}, {"en": PRICES}),
            Category("talk", {}, {"en": (r"\bhello\b",)}, {"en": TALK}),
        ),
        filler=CueSet({"en": (r"^um$",)}, {"en": ("um",)}),
        transitions={"en": (r"\bnext up\b",)},
        prompts={},
    )


PRICES = ("ten dollars", "it is two dollars", "a few dollars less")
TALK = ("it rains today", "the bus was late", "hello you", "we like it here")


def test_a_cue_that_tells_categories_apart_weighs_more() -> None:
    scores = cue_sheet(domain(), "en").scores(["five dollars", "take it"])
    assert scores.shape == (2, 3)
    assert scores[0, 0] > scores[1, 0] > 0


def test_showing_no_cue_speaks_against_categories_that_always_show_one() -> None:
    price, talk, _ = cue_sheet(domain(), "en").scores(["blue skies"])[0]
    assert price < talk < 0


def test_transitions_are_found() -> None:
    sheet = cue_sheet(domain(), "en")
    assert sheet.is_transition("and NEXT UP the ball")
    assert not sheet.is_transition("the ball")


def test_without_cues_the_words_of_the_description_count() -> None:
    scores = cue_sheet(bare_domain(), "en").scores(["add flour and eggs", "stir and bake"])
    assert scores[0, 0] > scores[0, 1]
    assert scores[1, 1] > scores[1, 0]
    assert cue_sheet(bare_domain(), "fr").scores(["bonjour"]).shape == (1, 3)


def test_what_says_nothing_is_filler_whatever_else_is_said_around_it() -> None:
    sheet = cue_sheet(load_domains()["ecommerce"], "en")
    assert sheet.says_nothing("oh okay, yeah.")
    assert not sheet.says_nothing("okay the zip is metal")
    assert not sheet.says_nothing("you only need to")
    nothing, piece = sheet.scores(["oh okay, yeah.", "you only need to"])
    assert nothing[-1] - nothing[:-1].max() > 10
    assert piece[-1] - piece[:-1].max() < 10
