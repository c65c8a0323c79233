"""The pace of sending, on a clock that only the test moves."""

from deploy.cli.sender import Pace
from pipeline.clock import ManualClock


def sent_at(rate: float | None, delays_s: list[float]) -> list[float]:
    """When each message goes out if the work before it takes the given seconds."""
    clock = ManualClock()
    pace = Pace(rate, clock.monotonic, clock.advance)
    times = []
    for delay_s in delays_s:
        clock.advance(delay_s)
        pace.keep()
        times.append(round(clock.monotonic(), 6))
    return times


def test_messages_are_spaced_by_the_rate() -> None:
    assert sent_at(10, [0, 0, 0, 0]) == [0, 0.1, 0.2, 0.3]


def test_the_work_between_messages_counts() -> None:
    assert sent_at(10, [0, 0.04, 0.04]) == [0, 0.1, 0.2]


def test_a_long_delay_is_followed_by_no_burst() -> None:
    assert sent_at(10, [0, 5, 0, 0, 0]) == [0, 5, 5, 5.1, 5.2]


def test_without_a_rate_nothing_waits() -> None:
    assert sent_at(None, [0, 0, 0]) == [0, 0, 0]
