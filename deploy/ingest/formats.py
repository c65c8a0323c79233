"""Names the input formats and finds out which one an input has."""

import re
from enum import StrEnum
from pathlib import PurePath

from deploy.ingest.jsonl import JsonKind

_BY_SUFFIX = {
    ".txt": "text",
    ".text": "text",
    ".md": "text",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".srt": "srt",
    ".vtt": "vtt",
    ".rss": "feed",
    ".atom": "feed",
    ".rdf": "feed",
}
_FEED_START = re.compile(r"(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<(rss|feed|rdf:RDF)\b", re.DOTALL)
_SRT_START = re.compile(r"\d+\s*\n\s*\d+:\d+:\d+[,.]\d+ *-->")


class InputFormat(StrEnum):
    """How an input is read.

    `text` is plain text in which a line break ends a sentence, unless it looks wrapped at a width:
    then it is `prose`, in which only a blank line does. `lines` is one sentence a line, never
    split. `jsonl` is `raw-jsonl` or `id-jsonl` by its first object. `feed` is RSS or Atom.
    """

    TEXT = "text"
    PROSE = "prose"
    LINES = "lines"
    JSONL = "jsonl"
    RAW_JSONL = "raw-jsonl"
    ID_JSONL = "id-jsonl"
    SRT = "srt"
    VTT = "vtt"
    FEED = "feed"

    @property
    def names_streams(self) -> bool:
        """Whether the lines may bring their own stream and seq."""
        return self in (InputFormat.JSONL, InputFormat.RAW_JSONL, InputFormat.FEED)

    @property
    def json_kind(self) -> JsonKind | None:
        """Which kind of JSON lines the format settles, if it does."""
        kinds: dict[InputFormat, JsonKind] = {
            InputFormat.RAW_JSONL: "raw",
            InputFormat.ID_JSONL: "id",
        }
        return kinds.get(self)


def detect_format(name: str, sample: str) -> InputFormat:
    """Tell the format by the suffix of the file name, else by the beginning of the content."""
    by_suffix = _BY_SUFFIX.get(PurePath(name).suffix.lower())
    if by_suffix is not None:
        return InputFormat(by_suffix)
    begin = sample.removeprefix("\ufeff").lstrip()
    if begin.startswith(("{", "[{")):
        return InputFormat.JSONL
    if begin.startswith("WEBVTT"):
        return InputFormat.VTT
    if _FEED_START.match(begin):
        return InputFormat.FEED
    if _SRT_START.match(begin):
        return InputFormat.SRT
    return InputFormat.TEXT
