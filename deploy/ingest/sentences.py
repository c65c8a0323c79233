"""Splits text into sentences with sentencex, and mends the cuts it is known to make too many."""

import re
from collections.abc import Iterator

import sentencex  # type: ignore[import-untyped]

SLICE_CHARS = 8_000
"""sentencex needs quadratic time for text without spaces, so it is given slices."""

_LIST_MARKER = re.compile(r"\s*\(?\d{1,2}[.)]\s*")
_LEADING_DASH = re.compile(r"\s*[—–-]\s*")
_WIDE = r"[\u3000-\u303f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef]"
_BREAK_BETWEEN_WIDE = re.compile(rf"(?<={_WIDE})\s*\n\s*(?={_WIDE})")
_BREAK = re.compile(r"\s*\n\s*")


def split_sentences(text: str, lang: str) -> list[str]:
    """Cut `text` into sentences that, joined, are `text` again; `lang` is a code such as `zh`.

    A line break does not end a sentence.
    """
    return list(_mended(_segments(text, lang)))


def unwrap(text: str) -> str:
    """Put `text` on one line: a line break becomes a space, or nothing inside Chinese text."""
    return _BREAK.sub(" ", _BREAK_BETWEEN_WIDE.sub("", text.strip()))


def _segments(text: str, lang: str) -> Iterator[str]:
    rest = text
    while len(rest) > SLICE_CHARS:
        *done, unfinished = sentencex.segment(lang, rest[:SLICE_CHARS])
        if not done:
            done, unfinished = [unfinished], ""
        yield from done
        rest = unfinished + rest[SLICE_CHARS:]
    if rest:
        yield from sentencex.segment(lang, rest)


def _mended(segments: Iterator[str]) -> Iterator[str]:
    head = ""
    for segment in segments:
        if head and not _belongs_to(head, segment):
            yield head
            head = ""
        head += segment
    if head:
        yield head


def _belongs_to(head: str, tail: str) -> bool:
    """Whether the cut between `head` and `tail` is one of the known wrong ones."""
    if _LIST_MARKER.fullmatch(head):
        return True
    dash = _LEADING_DASH.match(tail)
    begin = tail[dash.end() :] if dash else tail.lstrip()
    goes_on = begin[:1].islower() and not begin[1:2].isupper()
    # Text that starts its sentences in lower case, as transcripts do, tells nothing.
    started = next((char for char in head if char.isalpha()), "")
    if not goes_on or not started.isupper():
        return False
    return dash is not None or head.rstrip().endswith(".")
