"""Nothing that steers a terminal passes through."""

import json
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from deploy.cli.visible_text import visible, visible_json, visible_line


def test_escapes_are_visible_and_other_text_is_kept() -> None:
    assert visible("a\x1b[31mb\x07\x9bc\rd\x7f") == "a\\x1b[31mb\\x07\\x9bc\\x0dd\\x7f"
    assert visible("大家好\nПривет 🙂") == "大家好\nПривет 🙂"
    assert visible("\u202eabc\ud800") == "\\u202eabc\\ud800"
    assert visible_line("a\nb") == "a\\nb"


@given(st.text(st.characters(codec=None)))
def test_no_control_character_is_left(text: str) -> None:
    shown = visible(text)
    assert all(char == "\n" or unicodedata.category(char) not in ("Cc", "Cs") for char in shown)
    assert "\n" not in visible_line(text)


@given(st.text())
def test_json_means_the_same_and_holds_no_control_character(text: str) -> None:
    shown = visible_json(json.dumps({"t": text}, ensure_ascii=False))
    assert json.loads(shown) == {"t": text}
    assert not any(unicodedata.category(char) == "Cc" for char in shown)
