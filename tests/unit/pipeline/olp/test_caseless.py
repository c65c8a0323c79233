"""A faster search finds what `re.IGNORECASE` finds."""

import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domains import load_domains
from pipeline.olp.caseless import AnyCaseless, Caseless
from pipeline.olp.literals import needed_literals

SHIPPED = [
    cue
    for domain in load_domains(()).values()
    for cues in domain.transitions.values()
    for cue in cues
]
ENGLISH = load_domains(())["news"].transitions["en"]
EXAMPLES = [
    "Also today: back to the harbour story. And finally, from the museum now, breaking: rain.",
    "Next up, let me bring in another thing! Number three is here; I'll grab the next one.",
    "Welcome back, hey it's me again. Today we're making bread, as promised in this clip.",
]
WORDS = re.findall(
    r"\S+",
    "back to the next story final item two breaking in news about : elsewhere from now let me "
    "bring number three to close with 接下来 再看 下面我们 также сегодня новая тема",
)
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


@pytest.mark.parametrize(
    "cues", [cues for domain in load_domains(()).values() for cues in domain.transitions.values()]
)
@given(
    text=st.lists(
        TEXTS | st.sampled_from(WORDS),
        max_size=6,
    ).map(" ".join)
)
def test_several_find_what_any_of_them_finds(cues: Sequence[str], text: str) -> None:
    wanted = any(re.search(cue, text, re.IGNORECASE) for cue in cues)
    assert AnyCaseless(cues).search(text) == wanted


@pytest.mark.parametrize("cues", [ENGLISH, ["接下来", r"\w+ up"], []])
@given(
    texts=st.lists(st.lists(TEXTS | st.sampled_from(WORDS), max_size=4).map(" ".join), max_size=6),
    earliest=st.integers(0, 7),
)
def test_the_last_text_that_has_one_is_found(
    cues: Sequence[str], texts: list[str], earliest: int
) -> None:
    wanted = [
        index
        for index, text in enumerate(texts)
        if index >= earliest and any(re.search(cue, text, re.IGNORECASE) for cue in cues)
    ]
    assert AnyCaseless(cues).last_in(texts, earliest) == (wanted[-1] if wanted else None)


@pytest.mark.parametrize("pattern", SHIPPED)
def test_a_text_in_which_a_shipped_pattern_is_found_has_a_word_that_it_needs(pattern: str) -> None:
    needed = needed_literals(pattern)
    if needed is None:
        return
    found = re.compile(pattern)
    for text in EXAMPLES:
        for start in range(0, len(text), 7):
            if found.search(text[start:].lower()):
                assert any(words in text[start:].lower() for words in needed)


@given(text=st.from_regex("|".join(f"(?:{cue})" for cue in ENGLISH), fullmatch=False))
def test_what_is_made_of_the_patterns_is_found(text: str) -> None:
    assert AnyCaseless(ENGLISH).search(text)


@pytest.mark.parametrize(
    ("pattern", "needed"),
    [
        (r"\b(moving on|back to)\b", {"moving on", "back to"}),
        (r"(re)?turn(ing|ed)? to", {"turn to", "turning to", "turned to", "return to"}
            | {"returning to", "returned to"}),
        (r"from .{3,30} now", {"from "}),
        (r"(ab)+c?", {"ab"}),
        (r"(?:x|yz)*", None),
        (r"[0-9]+", None),
        (r"(?i)next", None),
        (r"a|next", None),
    ],
)  # fmt: skip
def test_what_a_pattern_needs(pattern: str, needed: set[str] | None) -> None:
    assert needed_literals(pattern) == needed


def test_the_shipped_english_patterns_take_the_fast_way() -> None:
    shipped = load_domains(())["news"].transitions["en"]
    assert all(Caseless(cue)._lower is not None for cue in shipped)
