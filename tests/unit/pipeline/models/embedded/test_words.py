"""Words keep their places in the text, so that names can be quoted word for word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.models.embedded.words import content_words, fragments, split_words

LANGS = st.sampled_from(["en", "zh", "ru", "de"])


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=60), LANGS)
def test_every_word_is_a_slice_of_the_text_in_order(text: str, lang: str) -> None:
    end = 0
    for word in split_words(text, lang):
        assert text[word.start : word.end] == word.text
        assert word.start >= end
        end = word.end


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=80), LANGS)
def test_fragments_begin_with_the_text_itself(text: str, lang: str) -> None:
    pieces = fragments(text, lang)
    assert pieces[0] == text
    assert len(set(pieces)) == len(pieces)


@pytest.mark.parametrize(
    ("text", "lang", "ends"),
    [
        ("this is really our copper lamp", "en", ["copper", "lamp"]),
        ("we quickly folded twenty lamps", "en", ["lamps"]),
        ("接下来是这款水壶", "zh", ["水壶"]),
        ("это новый мост через реку", "ru", ["мост", "реку"]),
    ],
)
def test_words_that_can_end_a_name(text: str, lang: str, ends: list[str]) -> None:
    assert [w.text for w in split_words(text, lang) if w.ends][-len(ends) :] == ends


@pytest.mark.parametrize(
    ("text", "lang"), [("okay so yeah", "en"), ("好的，是吧", "zh"), ("ну да", "ru")]
)
def test_filler_has_no_content(text: str, lang: str) -> None:
    assert content_words(text, lang) == 0
