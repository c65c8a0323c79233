"""Clocks: the manual one moves only when told, the system's is in UTC and never goes back."""

from datetime import UTC, datetime, timedelta

from pipeline.clock import ManualClock, SystemClock


def test_a_manual_clock_stands_still_until_it_is_moved() -> None:
    start = datetime(2026, 5, 1, 12, tzinfo=UTC)
    clock = ManualClock(start)
    assert (clock.now(), clock.monotonic()) == (start, 0.0)
    assert clock.now() == start
    clock.advance(90.5)
    assert (clock.now(), clock.monotonic()) == (start + timedelta(seconds=90.5), 90.5)


def test_without_a_start_it_is_the_same_for_everyone() -> None:
    assert ManualClock().now() == ManualClock().now()


def test_the_system_s_clock_is_in_utc_and_never_goes_back() -> None:
    clock = SystemClock()
    assert clock.now().tzinfo is UTC
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)
    ticks = [clock.monotonic() for _ in range(100)]
    assert ticks == sorted(ticks)
