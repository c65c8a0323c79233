"""The report page: what it shows, and that hostile text stays text."""

from html.parser import HTMLParser

from pipeline.evaluation.page import Heading, Paragraph, Table, as_html, as_markdown
from pipeline.evaluation.report import report
from pipeline.evaluation.run import WindowResult
from pipeline.evaluation.scores import score_window
from tests.unit.pipeline.evaluation.small_gold import given, gold_window, label, wanted

HOSTILE = "<script>alert(1)</script> | [x](javascript:alert(1)) `\"&' \u202e\x1b[2J\n# top"


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


def result(text: str = "a plain sentence", name: str = "mug") -> WindowResult:
    window = gold_window([wanted(name, [1, 2])], {1: label("price"), 2: label("price")}, size=2)
    window = type(window)(window.name, "en", (text, text), window.subjects, window.labels)
    found = (given(name, {1: "price", 2: "opening"}),)
    return WindowResult(window, 1, found, score_window(window, found), 0.5, 1.5, 4, ())


def test_the_page_shows_figures_confusion_and_windows_side_by_side() -> None:
    parts = report({"rules": [result()]}, "one window")
    text = as_markdown(parts)
    assert "| rules | 1.000 | 1.000 | 1.000 | 1.000 | 1.000 | 1.000 | 1.000 | 0.500 |" in text
    assert "| price | 1 | 1 | 0 |" in text
    assert "| 1 | a plain sentence | mug | price | mug | price |" in text
    assert "| → 2 | a plain sentence | mug | price | mug | opening |" in text
    assert "<td>a plain sentence</td>" in as_html("t", parts)


def test_a_window_that_came_to_nothing_says_why() -> None:
    failed = WindowResult(result().gold, 1, (), result().counts, 0.0, 0.0, 1, ("no arm answered",))
    assert "Came to nothing\\: no arm answered" in as_markdown(report({"rules": [failed]}, ""))


def test_hostile_text_stays_text_in_html() -> None:
    parts = [Heading(1, HOSTILE), Paragraph(HOSTILE), Table((HOSTILE,), ((HOSTILE,),))]
    page = as_html(HOSTILE, parts + report({HOSTILE: [result(HOSTILE, HOSTILE)]}, HOSTILE))
    tags = Tags()
    tags.feed(page)
    known = {"html", "head", "meta", "title", "style", "body", "h1", "h2", "h3", "h4", "p"}
    assert tags.tags <= known | {"table", "tr", "th", "td"}
    assert tags.attributes <= {"lang", "charset", "http-equiv", "content", "name", "class"}
    assert "<script>alert(1)</script>" in tags.text
    assert "\u202e" not in page
    assert "\x1b" not in page


def test_hostile_text_stays_text_in_markdown() -> None:
    page = as_markdown([Heading(1, HOSTILE), Table((HOSTILE,), ((HOSTILE,),))])
    assert len(page.splitlines()) == 5
    assert "\\<script\\>" in page
    assert "\\[x\\]\\(javascript\\:alert\\(1\\)\\)" in page
    assert "\\|" in page
    assert "\u202e" not in page
