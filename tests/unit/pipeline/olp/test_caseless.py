"""A faster search finds what `re.IGNORECASE` finds."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domains import load_domains
from pipeline.olp.caseless import Caseless

SHIPPED = [
    cue
    for domain in load_domains(()).values()
    for cues in domain.transitions.values()
    for cue in cues
]
PATTERNS = [
    *SHIPPED, r"\bnext up\b", r"A", r"\x41", r"[^ -Z]", r"[!-Z]", r"(?P<k>k)", r"ſ", r"[a-z]{3}",
    r"\Aa", r"a\Z", r"\w+-b", r"\d[^a]",
]  # fmt: skip
TEXTS = st.text(alphabet="aAbBkKsSzZ[]^ -!3éſKİ", max_size=20) | st.sampled_from(
    ["NEXT UP: the harbour", "In Other News, rain", "New Story", "Weather: rain", "Подробности"]
)


@pytest.mark.parametrize("pattern", PATTERNS)
@given(text=TEXTS)
def test_it_finds_what_a_search_that_ignores_case_finds(pattern: str, text: str) -> None:
    assert Caseless(pattern).search(text) == bool(re.search(pattern, text, re.IGNORECASE))


def test_the_shipped_english_patterns_take_the_fast_way() -> None:
    shipped = load_domains(())["news"].transitions["en"]
    assert all(Caseless(cue)._lower is not None for cue in shipped)
