"""Reads plain text: lines that hold sentences, paragraphs wrapped over lines, or ready lines."""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from unicodedata import east_asian_width

from deploy.ingest.lines import Fault, Piece, TextLine
from deploy.ingest.sentences import split_sentences, unwrap
from pipeline.language import detect_lang

MAX_SENTENCE_CHARS = 4_000
"""A paragraph's unfinished sentence that grows beyond this ends at the next line break."""

MIN_WRAP_WIDTH = 40

_FINISHED = ".!?…。！？;；:：\"'”’»)）」』"


def read_ready(lines: Iterable[TextLine | Fault]) -> Iterator[Piece | Fault]:
    """Yield every line as one sentence; blank lines are nothing."""
    for line in lines:
        if isinstance(line, Fault):
            yield line
        elif text := line.text.strip():
            yield Piece(line.number, text)


def read_text(lines: Iterable[TextLine | Fault], lang: str | None) -> Iterator[Piece | Fault]:
    """Split every line into sentences; a line break ends a sentence."""
    for line in lines:
        if isinstance(line, Fault):
            yield line
            continue
        for sentence in split_sentences(line.text, lang or detect_lang(line.text)):
            if text := sentence.strip():
                yield Piece(line.number, text)


def read_prose(lines: Iterable[TextLine | Fault], lang: str | None) -> Iterator[Piece | Fault]:
    """Split paragraphs into sentences; only a blank line ends a paragraph.

    No more than an unfinished sentence is kept in memory.
    """
    unfinished = ""
    first_line = 1
    for line in lines:
        if isinstance(line, Fault):
            yield line
            continue
        blank = not line.text.strip()
        if not unfinished:
            first_line = line.number
        paragraph = unfinished if blank else f"{unfinished}{line.text}\n"
        sentences = split_sentences(paragraph, lang or detect_lang(paragraph))
        grown = bool(sentences) and len(sentences[-1]) > MAX_SENTENCE_CHARS
        unfinished = "" if blank or grown or not sentences else sentences.pop()
        yield from _pieces(sentences, first_line)
        first_line += sum(sentence.count("\n") for sentence in sentences)
    yield from _pieces([unfinished], first_line)


def is_wrapped(sample: str) -> bool:
    """Whether the lines of `sample` look like paragraphs wrapped at a width.

    They do when at least half of the line breaks inside paragraphs follow a line that is nearly
    as wide as the widest one and does not end like a sentence.
    """
    lines = [line.strip() for line in sample.splitlines()]
    widest = max((_width(line) for line in lines), default=0)
    broken = [line for line, following in pairwise(lines) if line and following]
    cut = [line for line in broken if 5 * _width(line) >= 4 * widest and line[-1] not in _FINISHED]
    return widest >= MIN_WRAP_WIDTH and len(broken) >= 2 and 2 * len(cut) >= len(broken)


def _width(line: str) -> int:
    """Columns of a terminal, in which Chinese characters take two."""
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in line)


def _pieces(sentences: Iterable[str], first_line: int) -> Iterator[Piece]:
    for sentence in sentences:
        if text := unwrap(sentence):
            yield Piece(first_line, text)
        first_line += sentence.count("\n")
