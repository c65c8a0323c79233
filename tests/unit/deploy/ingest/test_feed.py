"""RSS and Atom entries become streams; markup, order and odd entries are dealt with."""

import io

import pytest

from deploy.ingest.feed import plain_text, read_feed
from deploy.ingest.lines import Fault
from pipeline.errors import InvalidInputError
from schemas import RawText

RSS = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0"><channel><title>Harbour news</title><language>en-gb</language>
{items}
</channel></rss>"""
NEWER = """<item><guid>2</guid><title>Ferry resumes</title>
<pubDate>Tue, 06 Jan 2026 10:00:00 GMT</pubDate>
<description>&lt;p&gt;It left at &lt;b&gt;nine&lt;/b&gt;. Crews
expect calm seas.&lt;/p&gt;&lt;p&gt;Tickets cost 4 &amp;amp; up&lt;/p&gt;</description></item>"""
OLDER = """<item><guid>1</guid><title>Ferry stops</title><author>Port desk</author>
<pubDate>Mon, 05 Jan 2026 10:00:00 GMT</pubDate><description>Ferry stops</description></item>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="zh"><title>港口</title>
<entry><id>x</id><title>渡轮恢复</title><updated>2026-01-05T10:00:00Z</updated>
<summary>早班已开。</summary><content type="html">渡轮今天恢复。票价不变。</content></entry>
</feed>"""


def read(text: str) -> list[RawText]:
    found = list(read_feed(io.BytesIO(text.encode()), "harbour"))
    return [item[1] for item in found if isinstance(item, tuple)]


def test_every_entry_is_a_stream_oldest_first_without_markup() -> None:
    sentences = read(RSS.format(items=NEWER + OLDER))
    assert [item.text for item in sentences] == [
        "Ferry stops",
        "Ferry resumes",
        "It left at nine.",
        "Crews expect calm seas.",
        "Tickets cost 4 & up",
    ]
    assert [item.seq for item in sentences] == [1, 1, 2, 3, 4]
    assert len({item.stream_id for item in sentences}) == 2
    assert all(item.stream_id.startswith("harbour#") for item in sentences)
    assert {item.lang for item in sentences} == {"en-gb"}
    assert sentences[0].speaker == "Port desk"
    assert sentences[0].at is not None
    assert sentences[0].at.isoformat() == "2026-01-05T10:00:00+00:00"


def test_the_same_entry_is_the_same_stream_and_a_corrected_one_a_new_stream() -> None:
    first, same = read(RSS.format(items=OLDER)), read(RSS.format(items=NEWER + OLDER))
    assert first[0] == same[0]
    corrected = read(RSS.format(items=OLDER.replace("<title>Ferry stops", "<title>Ferry waits")))
    assert corrected[0].stream_id != first[0].stream_id


def test_atom_content_goes_before_its_summary() -> None:
    assert [item.text for item in read(ATOM)] == ["渡轮恢复", "渡轮今天恢复。", "票价不变。"]


def test_an_entry_without_text_is_a_harmless_fault() -> None:
    source = io.BytesIO(RSS.format(items="<item><guid>3</guid></item>").encode())
    assert list(read_feed(source, "harbour")) == [Fault(1, "entry 1 has no text", harmless=True)]


@pytest.mark.parametrize("text", ["", "plain words", "<html><body>no feed</body></html>"])
def test_what_is_no_feed_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError, match="no RSS or Atom feed"):
        read(text)


def test_scripts_are_no_text_and_block_elements_end_a_line() -> None:
    html = "<p>One<br>two</p><script>alert(1)</script><ul><li>three <em>four</em></ul>"
    assert plain_text(html) == "One\ntwo\nthree four"
