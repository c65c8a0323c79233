"""What the chunk splitter takes up again after a restart, and after a stream was quiet."""

import pytest

from pipeline.config import SplitterSettings
from pipeline.olp import splitter
from pipeline.olp.splitter import SPLITTER_VERSION, Intake, StreamBuffer
from tests.unit.pipeline.olp.splitter_world import Death, bounds, raw, world


class TestRestart:
    def test_a_planned_cut_is_made_as_it_was_planned(self) -> None:
        stream = world(max_age_s=30)
        stream.say("a", "b")
        stream.clock.advance(30)
        stream.cut(Death.BEFORE_SENDING)
        stream.say("c", "d", "e")
        stream.restart()
        stream.finish()
        assert bounds(stream)[0] == (0, 1)
        assert stream.sent[0].closed_by == "age"
        stream.check()

    def test_a_later_release_sends_a_planned_window_under_the_id_it_had(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        buffer = StreamBuffer(SplitterSettings(), {})
        buffer.offer(raw(1, "a"), 0, 0.0)
        planned = buffer.plan("age", None)
        state = buffer.with_plan(planned)
        monkeypatch.setattr(splitter, "SPLITTER_VERSION", "later")
        restarted = StreamBuffer(SplitterSettings(), {}, state)
        restarted.offer(raw(1, "a"), 0, 0.0)
        assert restarted.plan("age", None).splitter_version == SPLITTER_VERSION
        restarted.take(planned)
        restarted.offer(raw(2, "b"), 1, 0.0)
        assert restarted.plan("age", None).splitter_version == "later"

    def test_a_window_that_was_sent_but_not_acknowledged_is_sent_the_same_again(self) -> None:
        stream = world()
        stream.say("lamp", "lamp", "next up, a chair", "chair")
        stream.cut(Death.BEFORE_ACKNOWLEDGING)
        stream.restart()
        stream.finish()
        assert stream.sent[0] == stream.sent[1]
        stream.check()

    def test_reading_again_from_the_middle_of_a_sent_window_loses_nothing(self) -> None:
        stream = world(window_sentences=100)
        stream.say(*["a"] * 100)
        stream.cut_all()
        stream.restart(1)
        assert set(stream.read()) == {Intake.REPEATED}
        stream.say("b")
        stream.finish()
        assert bounds(stream) == [(0, 99), (100, 100)]

    def test_a_backwards_seq_read_first_after_a_restart_is_still_backwards(self) -> None:
        stream = world()
        stream.log += [raw(seq) for seq in (5, 6, 7, 8)]
        stream.read()
        stream.cut_all()
        stream.log.append(raw(2))
        stream.restart()
        assert stream.read() == [Intake.OUT_OF_ORDER]
        stream.say("b")
        stream.finish()
        stream.check()

    def test_a_repetition_of_the_first_sentence_read_first_after_a_restart(self) -> None:
        stream = world()
        stream.say("a", "b", "c", "d")
        stream.cut_all()
        stream.log.append(raw(0, "a"))
        stream.restart()
        assert stream.read() == [Intake.REPEATED]
        stream.check()

    def test_a_planned_window_waits_for_its_last_sentence_however_slowly_it_is_read(self) -> None:
        stream = world()
        stream.say("a", "b", "c", "d")
        stream.cut(Death.BEFORE_SENDING)
        stream.restart()
        stream.read(2)
        stream.clock.advance(1000)
        assert not stream.cut()
        stream.finish()
        assert bounds(stream) == [(0, 3)]
        stream.check()

    def test_a_planned_window_outlives_a_change_of_the_limits(self) -> None:
        stream = world()
        stream.say("a", "b", "c", "d")
        stream.cut(Death.BEFORE_SENDING)
        stream.settings = SplitterSettings(window_sentences=2)
        stream.budget = 10
        stream.restart()
        stream.finish()
        assert bounds(stream) == [(0, 3)]

    def test_nothing_planned_means_everything_is_read_again(self) -> None:
        stream = world()
        stream.say("a", "b")
        stream.restart()
        assert stream.read() == [Intake.ACCEPTED] * 2


class TestQuietStream:
    def test_it_goes_on_from_what_was_kept(self) -> None:
        stream = world()
        stream.say("a", "b", "c", "d", lang="zh")
        stream.finish()
        assert stream.set_aside()
        stream.log += [raw(3, "d"), raw(3, "x"), raw(4, "e")]
        assert stream.read() == [Intake.REPEATED, Intake.CONFLICT, Intake.ACCEPTED]
        assert stream.buffer.lang == "zh"
        stream.finish()
        stream.check()

    def test_what_was_kept_survives_a_restart_from_any_position(self) -> None:
        stream = world()
        stream.say("a", "b", "c", "d", "e", "f")
        stream.finish()
        stream.set_aside()
        for position in range(7):
            stream.restart(position)
            assert set(stream.read()) <= {Intake.REPEATED}

    def test_it_is_quiet_since_it_was_heard_of_and_not_while_it_holds_something(self) -> None:
        stream = world(max_age_s=30)
        stream.clock.advance(100)
        stream.say("a")
        stream.clock.advance(50)
        assert stream.buffer.quiet_s(stream.clock.monotonic()) == 0
        stream.finish()
        stream.say(" ")
        stream.clock.advance(7)
        assert stream.buffer.quiet_s(stream.clock.monotonic()) == 7
