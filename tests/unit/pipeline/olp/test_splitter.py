"""Each rule of the chunk splitter by an example."""

import pytest

from pipeline.config import SplitterSettings
from pipeline.olp.splitter import RECENT_SEQS, Intake, StreamBuffer, estimate_tokens
from tests.unit.pipeline.olp.splitter_world import bounds, raw, world


class TestCount:
    def test_a_full_buffer_is_cut(self) -> None:
        stream = world()
        stream.say("a", "b", "c")
        assert not stream.cut()
        stream.say("d")
        assert stream.cut()
        assert bounds(stream) == [(0, 3)]
        assert stream.sent[0].closed_by == "count"

    def test_languages_without_spaces_have_a_limit_of_their_own(self) -> None:
        stream = world()
        stream.say(*["这个很好"] * 5)
        assert not stream.cut()
        stream.say("真的")
        assert stream.cut()
        assert stream.sent[0].lang == "zh"

    def test_a_backlog_is_cut_into_windows_within_their_limit(self) -> None:
        stream = world()
        stream.say(*["a"] * 11)
        stream.cut_all()
        assert bounds(stream) == [(0, 3), (4, 7)]

    def test_the_unfinished_subject_is_carried_over(self) -> None:
        stream = world()
        stream.say("lamp", "lamp", "next up, a chair", "chair")
        stream.cut_all()
        stream.say("chair", "chair")
        stream.cut_all()
        assert bounds(stream) == [(0, 1), (2, 5)]
        assert [sent.carried_from for sent in stream.sent] == [None, 2]

    def test_no_more_is_carried_than_the_share_allows(self) -> None:
        stream = world(max_carry_share=0.25)
        stream.say("lamp", "lamp", "next up, a chair", "chair")
        stream.cut_all()
        assert bounds(stream) == [(0, 3)]


class TestTokens:
    def test_a_window_stays_within_the_budget(self) -> None:
        stream = world(budget=30, window_sentences=50)
        stream.say(*["abcabc abc"] * 9)
        stream.cut_all()
        assert estimate_tokens("abcabc abc") == 7
        assert {len(sent.sentences) for sent in stream.sent} == {4}
        assert {sent.closed_by for sent in stream.sent} == {"tokens"}

    def test_one_sentence_beyond_the_budget_is_a_window_of_its_own(self) -> None:
        stream = world(budget=30, window_sentences=50)
        stream.say("short", "x" * 900, "short")
        stream.finish()
        assert bounds(stream) == [(0, 0), (1, 1), (2, 2)]

    @pytest.mark.parametrize(
        ("text", "tokens"), [("", 4), ("abc", 5), ("abcdef", 6), ("好" * 10, 16), ("ab好", 5)]
    )
    def test_tokens_are_counted_by_hand(self, text: str, tokens: int) -> None:
        assert estimate_tokens(text) == tokens


class TestAge:
    def test_a_window_is_cut_when_its_first_sentence_is_old_enough(self) -> None:
        stream = world(max_age_s=30)
        stream.say("a")
        stream.clock.advance(20)
        stream.say("b")
        stream.clock.advance(9.9)
        assert not stream.cut()
        stream.clock.advance(0.1)
        assert stream.cut()
        assert bounds(stream) == [(0, 1)]
        assert stream.sent[0].closed_by == "age"
        assert not stream.sent[0].final

    def test_an_empty_buffer_has_no_age(self) -> None:
        stream = world(max_age_s=30)
        stream.clock.advance(1000)
        assert not stream.cut()


class TestEnd:
    def test_the_end_flushes_a_final_window(self) -> None:
        stream = world()
        stream.say("a")
        stream.say("b", end=True)
        stream.cut_all()
        assert bounds(stream) == [(0, 1)]
        assert stream.sent[0].closed_by == "end"
        assert stream.sent[0].final

    def test_an_empty_text_may_carry_the_end(self) -> None:
        stream = world()
        stream.say("a")
        assert stream.say(" \n", end=True) == [Intake.EMPTY]
        stream.cut_all()
        assert (bounds(stream), stream.sent[0].final) == ([(0, 0)], True)

    def test_the_end_holds_although_the_next_sentence_is_read_before_the_cut(self) -> None:
        stream = world()
        stream.say("a")
        stream.say("b", end=True)
        stream.say("c")
        stream.cut_all()
        assert (bounds(stream), stream.sent[0].final) == ([(0, 1)], True)
        stream.finish()
        assert (bounds(stream), stream.sent[1].final) == ([(0, 1), (2, 2)], False)

    def test_a_full_buffer_that_ends_is_final(self) -> None:
        stream = world()
        stream.say("a", "b", "c")
        stream.say("d", end=True)
        stream.cut_all()
        assert (bounds(stream), stream.sent[0].final) == ([(0, 3)], True)

    def test_the_end_behind_a_full_window_is_kept_for_the_next(self) -> None:
        stream = world()
        stream.say("a", "b", "c", "d", "e")
        stream.say("f", end=True)
        stream.say("g")
        stream.cut_all()
        assert bounds(stream) == [(0, 3), (4, 5)]
        assert [sent.final for sent in stream.sent] == [False, True]

    def test_a_rejected_sentence_ends_nothing(self) -> None:
        stream = world()
        stream.say("a", "b")
        stream.log += [raw(0, "another text", end=True), raw(1, "b")]
        assert stream.read() == [Intake.CONFLICT, Intake.REPEATED]
        assert not stream.cut()

    def test_an_end_that_is_read_again_does_not_end_what_follows(self) -> None:
        stream = world()
        stream.say("a")
        stream.say("b", end=True)
        stream.cut_all()
        stream.say("c")
        stream.log.append(raw(1, "b", end=True))
        stream.read()
        assert not stream.cut()

    def test_a_stream_may_go_on_after_its_end(self) -> None:
        stream = world()
        stream.say("a", end=True)
        stream.cut_all()
        stream.say("b")
        assert not stream.cut()
        stream.finish()
        assert bounds(stream) == [(0, 0), (1, 1)]


class TestIntake:
    def test_gaps_in_seq_are_fine(self) -> None:
        stream = world()
        stream.log += [raw(5), raw(900), raw(2**63 - 1)]
        assert stream.read() == [Intake.ACCEPTED] * 3

    @pytest.mark.parametrize("text", ["", " ", "\n\t\u3000"])
    def test_text_without_a_character_is_empty(self, text: str) -> None:
        assert world().say(text) == [Intake.EMPTY]

    def test_a_repeated_sentence_is_told_from_a_conflicting_one(self) -> None:
        stream = world()
        stream.say("a", "b")
        stream.log += [raw(0, "a"), raw(0, "b")]
        assert stream.read() == [Intake.REPEATED, Intake.CONFLICT]

    def test_they_are_told_apart_after_a_restart_too(self) -> None:
        stream = world()
        stream.say("a", "b", "c", "d")
        stream.cut_all()
        stream.restart()
        stream.log += [raw(0, "a"), raw(0, "b"), raw(3, "d")]
        assert stream.read() == [Intake.REPEATED, Intake.CONFLICT, Intake.REPEATED]

    def test_a_seq_that_goes_backwards_is_out_of_order(self) -> None:
        stream = world()
        stream.log += [raw(10), raw(5)]
        assert stream.read() == [Intake.ACCEPTED, Intake.OUT_OF_ORDER]

    def test_a_seq_from_long_ago_is_out_of_order(self) -> None:
        stream = world(window_sentences=1000)
        stream.say(*["a"] * (RECENT_SEQS + 1))
        stream.log += [raw(0, "a"), raw(1, "a")]
        assert stream.read() == [Intake.OUT_OF_ORDER, Intake.REPEATED]

    def test_rejected_sentences_do_not_fill_the_buffer(self) -> None:
        stream = world()
        stream.say("a")
        stream.log += [raw(0, "b")] * 10
        stream.read()
        assert not stream.cut()


class TestLanguage:
    def test_a_declared_language_wins_over_the_script(self) -> None:
        stream = world()
        stream.say("just latin letters", lang="zh")
        assert stream.buffer.lang == "zh"

    @pytest.mark.parametrize("tag", ["zh-CN", "zh_Hant", "ZH"])
    def test_a_regional_tag_is_its_language(self, tag: str) -> None:
        stream = world()
        stream.say("just latin letters", lang=tag)
        assert stream.buffer.lang == "zh"

    @pytest.mark.parametrize("tag", ["", "-", "_x"])
    def test_a_tag_that_says_nothing_is_ignored(self, tag: str) -> None:
        stream = world()
        stream.say("обычный текст", lang=tag)
        assert stream.buffer.lang == "ru"

    def test_the_language_stays_once_a_window_is_out(self) -> None:
        stream = world()
        stream.say("one", "two", "three", "four")
        stream.cut_all()
        stream.say("这个很好")
        assert stream.buffer.lang == "en"


def test_a_stream_that_never_ends_needs_bounded_memory() -> None:
    stream = world(window_sentences=10)
    for number in range(3000):
        stream.say(f"sentence {number}")
        stream.cut_all()
        assert len(stream.buffer.held) < 10
    assert len(stream.buffer.state.recent) <= RECENT_SEQS
    assert stream.buffer.tokens == sum(held.tokens for held in stream.buffer.held)
    stream.finish()
    stream.check()


def test_a_fresh_buffer_has_nothing_to_cut() -> None:
    buffer = StreamBuffer(SplitterSettings(), {})
    assert buffer.due(1e9, 0) is None
