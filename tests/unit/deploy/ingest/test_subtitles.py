"""SubRip and WebVTT cues; broken ones are named by line and nothing is lost silently."""

import io

import pytest

from deploy.ingest.lines import Fault, Piece, read_lines
from deploy.ingest.subtitles import read_srt, read_vtt
from pipeline.errors import InvalidInputError

SRT_TIMES = "00:00:01,000 --> 00:00:02,000"
VTT_TIMES = "00:01.000 --> 00:02.000"


def srt(*lines: str) -> list[Piece | Fault]:
    return list(read_srt(read_lines(io.BytesIO("\n".join(lines).encode()))))


def vtt(*lines: str) -> list[Piece | Fault]:
    content = "\n".join(["WEBVTT", "", *lines])
    return list(read_vtt(read_lines(io.BytesIO(content.encode()))))


def test_srt_cues_on_one_line_without_tags() -> None:
    assert srt("1", SRT_TIMES, "{\\an8}<i>Hi</i>", "you", "", "2", SRT_TIMES, "好的", "大家") == [
        Piece(2, "Hi you"),
        Piece(7, "好的大家"),
    ]


def test_srt_without_numbers_and_without_blank_lines_between_cues() -> None:
    assert srt(SRT_TIMES, "one", "2", SRT_TIMES, "two") == [Piece(1, "one"), Piece(4, "two")]


def test_a_blank_line_inside_a_srt_cue_belongs_to_it() -> None:
    assert srt("1", SRT_TIMES, "one", "", "more", "", "2", SRT_TIMES, "2026") == [
        Piece(2, "one more"),
        Piece(8, "2026"),
    ]


@pytest.mark.parametrize("times", ["00:00:03,000 -> 00:00:04,000", "00:00:03,000 --> 0000:04,000"])
def test_broken_srt_times_are_a_fault_and_no_text_of_the_cue_before(times: str) -> None:
    first, fault, last = srt("1", SRT_TIMES, "a", "", "2", times, "b", "", "3", SRT_TIMES, "c")
    assert (first, last) == (Piece(2, "a"), Piece(10, "c"))
    assert isinstance(fault, Fault)
    assert (fault.line, fault.harmless) == (6, False)


def test_text_that_is_no_srt_is_a_fault() -> None:
    [fault] = srt("just a text", "of two lines")
    assert isinstance(fault, Fault)
    assert fault.line == 1


def test_vtt_voice_entities_identifiers_and_settings() -> None:
    assert vtt(
        "intro", f"{VTT_TIMES} align:start", "<v Ann Lee>Salt &amp; <b>pepper</b>", "&lt;3"
    ) == [Piece(4, "Salt & pepper <3", "Ann Lee")]


def test_vtt_notes_styles_and_regions_are_no_cues() -> None:
    assert vtt(
        "NOTE a", "b", "", "STYLE", "::cue {}", "", "REGION", "id:x", "", VTT_TIMES, "t"
    ) == [Piece(12, "t")]


def test_broken_vtt_cues_are_faults() -> None:
    first, second, last = vtt(
        "00:01.000 -> 00:02.000", "a", "", "00:01 --> x", "b", "", VTT_TIMES, "c"
    )
    assert isinstance(first, Fault)
    assert isinstance(second, Fault)
    assert (first.line, second.line) == (3, 6)
    assert last == Piece(9, "c")


def test_cues_without_text_are_counted_as_harmless() -> None:
    for items in (srt("1", SRT_TIMES, "", "2", SRT_TIMES, "a"), vtt(VTT_TIMES, "", VTT_TIMES, "a")):
        empty, piece = items
        assert isinstance(empty, Fault)
        assert empty.harmless
        assert isinstance(piece, Piece)


def test_vtt_needs_its_first_line() -> None:
    with pytest.raises(InvalidInputError, match="WEBVTT"):
        list(read_vtt(read_lines(io.BytesIO(f"{VTT_TIMES}\ntext".encode()))))


def test_broken_times_without_text_are_no_empty_cue() -> None:
    [fault] = srt("1", "00:00:01,000 --> soon")
    assert isinstance(fault, Fault)
    assert not fault.harmless
