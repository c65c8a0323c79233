"""Reads SubRip and WebVTT cue by cue with webvtt-py, so that a bad cue is named and the rest read.

Each cue is one caption. Its times are offsets into a recording, not moments, and are left out.
"""

import html
import re
from collections.abc import Iterable, Iterator, Sequence

from webvtt import srt, vtt
from webvtt.errors import MalformedCaptionError, MalformedFileError
from webvtt.models import Caption

from deploy.ingest.lines import Fault, Piece, TextLine
from deploy.ingest.sentences import unwrap
from pipeline.errors import InvalidInputError

MAX_CUE_LINES = 1_000

_ARROW = "-->"
_TIMES_LINE = re.compile(r".*-->|\s*\d+:\d+:\d+[,.]\d+\s")
_POSITION = re.compile(r"\{\\an?\d{1,2}\}")
_SRT_TIMES = "a number, then 00:01:02,000 --> 00:01:04,000, then the text"
_VTT_TIMES = "00:01:02.000 --> 00:01:04.000, then the text"


def read_srt(lines: Iterable[TextLine | Fault]) -> Iterator[Piece | Fault]:
    """Yield the cues of SubRip subtitles."""
    for block in _srt_blocks(lines):
        if isinstance(block, Fault):
            yield block
            continue
        arrow = next((line for line in block if _TIMES_LINE.match(line.text)), None)
        if arrow is None:
            if text := next((line for line in block if line.text.strip()), None):
                yield Fault(text.number, f"no cue: SubRip wants {_SRT_TIMES}")
            continue
        texts = [line.text for line in block]
        shown = [(_POSITION.sub("", caption.text), None) for caption in _parse_srt(texts)]
        if not any(line.text.strip() for line in block if line.number > arrow.number):
            # webvtt-py drops a cue without text, whether its times are right or not.
            shown = [("", None) for _ in _parse_srt([*texts, "-"])]
        yield from _cues(shown, arrow.number, 1, _broken("SubRip", _SRT_TIMES))


def read_vtt(lines: Iterable[TextLine | Fault]) -> Iterator[Piece | Fault]:
    """Yield the cues of WebVTT subtitles; raises InvalidInputError without its first line."""
    header = True
    for block in _vtt_blocks(lines):
        if isinstance(block, Fault):
            yield block
            continue
        texts = [line.text for line in block]
        if header:
            header = False
            if not texts[0].startswith("WEBVTT"):
                raise InvalidInputError('the first line of WebVTT must be "WEBVTT"')
            continue
        arrows = [line.number for line in block if _ARROW in line.text]
        if not arrows:
            if not texts[0].startswith(("NOTE", "STYLE", "REGION")):
                yield Fault(block[0].number, f"no cue: WebVTT wants {_VTT_TIMES}")
            continue
        try:
            captions = vtt.parse(["WEBVTT", "", *texts]).captions
        except MalformedCaptionError:
            captions = []
        shown = [(html.unescape(caption.text), caption.voice) for caption in captions]
        yield from _cues(shown, arrows[0], len(arrows), _broken("WebVTT", _VTT_TIMES))


def _parse_srt(texts: list[str]) -> list[Caption]:
    try:
        return srt.parse(texts if texts[0].strip().isdigit() else ["0", *texts])
    except (MalformedFileError, MalformedCaptionError):
        return []


def _cues(
    shown: Sequence[tuple[str, str | None]], line: int, expected: int, problem: str
) -> Iterator[Piece | Fault]:
    for lines, speaker in shown:
        text = unwrap(lines)
        yield Piece(line, text, speaker) if text else Fault(line, "the cue has no text", True)
    for _ in range(expected - len(shown)):
        yield Fault(line, problem)


def _broken(form: str, wanted: str) -> str:
    return f"a broken cue: {form} wants {wanted}"


def _srt_blocks(lines: Iterable[TextLine | Fault]) -> Iterator[list[TextLine] | Fault]:
    """Cut before every cue; blank lines inside a cue's text, which some files have, stay."""
    block: list[TextLine] = []
    for line in lines:
        if isinstance(line, Fault):
            yield line
            continue
        if _TIMES_LINE.match(line.text):
            number = _take_cue_number(block)
            yield block
            block = number
        block.append(line)
        if len(block) > MAX_CUE_LINES:
            yield Fault(block[0].number, f"no cue in {MAX_CUE_LINES} lines: is this SubRip?")
            block = []
    yield block


def _take_cue_number(block: list[TextLine]) -> list[TextLine]:
    while block and not block[-1].text.strip():
        block.pop()
    return [block.pop()] if block and block[-1].text.strip().isdigit() else []


def _vtt_blocks(lines: Iterable[TextLine | Fault]) -> Iterator[list[TextLine] | Fault]:
    block: list[TextLine] = []
    for line in lines:
        if isinstance(line, Fault):
            yield line
        elif line.text:
            block.append(line)
            if len(block) > MAX_CUE_LINES:
                yield Fault(block[0].number, f"no blank line in {MAX_CUE_LINES} lines")
                block = []
        elif block:
            yield block
            block = []
    if block:
        yield block
