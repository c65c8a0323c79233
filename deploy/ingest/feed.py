"""Reads RSS and Atom feeds: every entry is a stream of its own, its title the first sentence."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from html.parser import HTMLParser
from time import struct_time
from typing import Any, BinaryIO

import feedparser
from pydantic import ValidationError

from deploy.ingest.lines import Fault, TextLine
from deploy.ingest.plain import read_text
from pipeline.errors import InvalidInputError
from schemas import RawText

MAX_FEED_BYTES = 32 * 1024 * 1024
_DIGEST_CHARS = 16
_MAX_FEED_CHARS = 120

_BLOCKS = frozenset(
    {"address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "figcaption"}
    | {"footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "ol", "p"}
    | {"pre", "section", "table", "td", "th", "tr", "ul"}
)
_UNSEEN = frozenset({"script", "style", "template"})


def read_feed(
    source: BinaryIO, feed_name: str, lang: str | None = None
) -> Iterator[tuple[int, RawText] | Fault]:
    """Yield the sentences of all entries, oldest entry first, each with its entry's number.

    The stream id is `feed_name` and a digest of the entry's id and text: an entry that is corrected
    later is a new stream. Raises InvalidInputError for what is no feed or longer than
    MAX_FEED_BYTES.
    """
    body = source.read(MAX_FEED_BYTES + 1)
    if len(body) > MAX_FEED_BYTES:
        raise InvalidInputError(f"{feed_name}: the feed is longer than {MAX_FEED_BYTES} bytes")
    feed = feedparser.parse(io.BytesIO(body), sanitize_html=False)
    if not feed.get("version"):
        raise InvalidInputError(f"{feed_name} is no RSS or Atom feed")
    lang = lang or _language(feed.feed.get("language"))
    entries = list(enumerate(feed.entries, start=1))
    for number, entry in sorted(entries, key=lambda item: _when(item[1]) or _EARLIEST):
        yield from _sentences(number, entry, feed_name, lang)


def plain_text(html: str) -> str:
    """The text of an HTML fragment; block elements end a line."""
    reader = _TextReader()
    reader.feed(html)
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.pieces).splitlines())
    return "\n".join(line for line in lines if line)


_EARLIEST = datetime.min.replace(tzinfo=UTC)


class _TextReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSEEN:
            self._unseen += 1
        elif tag in _BLOCKS:
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen = max(self._unseen - 1, 0)
        elif tag in _BLOCKS:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            # A line break of the markup is a space; only block elements break the text.
            self.pieces.append(data.replace("\n", " ").replace("\r", " "))


def _sentences(
    number: int, entry: Any, feed_name: str, lang: str | None
) -> Iterator[tuple[int, RawText] | Fault]:
    title = plain_text(entry.get("title", ""))
    content = entry.get("content")
    body = plain_text(content[0].value if content else entry.get("summary", ""))
    lines = [line for line in (*title.splitlines(), *body.splitlines()) if line]
    if len(lines) > 1 and lines[1] == lines[0]:
        del lines[0]
    if not lines:
        yield Fault(number, f"entry {number} has no text", harmless=True)
        return
    text = "\n".join(lines)
    identity = "\n".join((entry.get("id") or entry.get("link") or "", text))
    digest = sha256(identity.encode("utf-8", "replace")).hexdigest()[:_DIGEST_CHARS]
    stream_id = f"{feed_name[:_MAX_FEED_CHARS]}#{digest}"
    at = _when(entry)
    author = plain_text(entry.get("author", ""))[:200] or None
    pieces = read_text((TextLine(number, line) for line in lines), lang)
    for seq, piece in enumerate(pieces, start=1):
        if isinstance(piece, Fault):
            yield piece
            continue
        try:
            message = RawText(
                stream_id=stream_id, seq=seq, text=piece.text, at=at, lang=lang, speaker=author
            )
        except ValidationError as error:
            yield Fault(number, f"entry {number}: {error.errors(include_url=False)[0]['msg']}")
        else:
            yield number, message


def _when(entry: Any) -> datetime | None:
    moment = entry.get("published_parsed") or entry.get("updated_parsed")
    if not isinstance(moment, struct_time):
        return None
    try:
        return datetime(*moment[:6], tzinfo=UTC)
    except ValueError:
        return None


def _language(declared: object) -> str | None:
    return declared[:35] if isinstance(declared, str) and declared else None
