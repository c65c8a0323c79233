"""The sample streams that ship with Rolestream: text, subjects and categories, labelled by hand.

They feed the demo and the tests, so that the flow can be seen and measured without anyone's data.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

import orjson

__all__ = ["SampleSentence", "SampleStream", "SampleSubject", "load_streams"]

_INDEX = "streams.json"


@dataclass(frozen=True)
class SampleSubject:
    """Something a stream talks about.

    `key` links it to its sentences. `name` and `aliases` stand word for word in the stream, letter
    case aside; so do the values of `attributes`, which has a key per attribute of the domain.
    """

    key: str
    name: str
    aliases: tuple[str, ...]
    attributes: Mapping[str, str | None]


@dataclass(frozen=True)
class SampleSentence:
    """One sentence with its labels.

    `subject` is a subject's key, or None for chatter. `categories` has the main category first and
    is empty for filler; `also` holds categories that apply equally well.
    """

    seq: int
    text: str
    subject: str | None
    categories: tuple[str, ...]
    also: tuple[str, ...]


@dataclass(frozen=True)
class SampleStream:
    """A labelled stream; `sentences` are in order of `seq`, which starts at 1 without gaps."""

    stream_id: str
    domain: str
    lang: str
    subjects: tuple[SampleSubject, ...]
    sentences: tuple[SampleSentence, ...]


def load_streams() -> list[SampleStream]:
    """All sample streams in the order of the index file."""
    folder = resources.files(__name__)
    entries: list[dict[str, Any]] = orjson.loads((folder / _INDEX).read_bytes())
    return [_stream(entry, (folder / entry["file"]).read_bytes()) for entry in entries]


def _stream(entry: dict[str, Any], lines: bytes) -> SampleStream:
    return SampleStream(
        stream_id=entry["stream_id"],
        domain=entry["domain"],
        lang=entry["lang"],
        subjects=tuple(
            SampleSubject(
                key=subject["key"],
                name=subject["name"],
                aliases=tuple(subject["aliases"]),
                attributes=subject["attributes"],
            )
            for subject in entry["subjects"]
        ),
        sentences=tuple(_sentence(orjson.loads(line)) for line in lines.splitlines()),
    )


def _sentence(row: dict[str, Any]) -> SampleSentence:
    return SampleSentence(
        seq=row["seq"],
        text=row["text"],
        subject=row["subject"],
        categories=tuple(row["categories"]),
        also=tuple(row["also"]),
    )
