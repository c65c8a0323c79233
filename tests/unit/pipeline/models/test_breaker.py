"""The breaker: when it opens, its one probe, its way back, its rests."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from pipeline.clock import ManualClock
from pipeline.models.breaker import Breaker, BreakerSettings, BreakerState

SETTINGS = BreakerSettings()


class Bench:
    """A breaker that has answered once, and its clock."""

    def __init__(self, settings: BreakerSettings = SETTINGS) -> None:
        self.clock = ManualClock()
        self.breaker = Breaker(self.clock, Random(1), settings)
        self.succeed()

    def succeed(self, times: int = 1) -> None:
        for _ in range(times):
            self.breaker.succeeded(self.breaker.generation)

    def fail(self, times: int = 1) -> None:
        for _ in range(times):
            self.breaker.failed(self.breaker.generation)

    def rest_over(self) -> None:
        self.clock.advance(self.breaker.returns_in_s)
        assert self.breaker.state is BreakerState.HALF_OPEN


def test_failures_in_a_row_open_it_and_a_success_between_does_not() -> None:
    bench = Bench()
    for _ in range(3):
        bench.fail(4)
        bench.succeed(5)
    assert bench.breaker.state is BreakerState.CLOSED
    bench.fail(5)
    assert bench.breaker.state is BreakerState.OPEN
    assert (bench.breaker.limit(16), bench.breaker.share) == (0, 0.0)


def test_a_high_rate_of_failures_opens_it() -> None:
    bench = Bench()
    for _ in range(4):
        bench.fail(2)
        bench.succeed()
    assert bench.breaker.state is BreakerState.OPEN
    steady = Bench()
    for _ in range(50):
        steady.fail()
        steady.succeed()
    assert steady.breaker.state is BreakerState.CLOSED


def test_after_its_rest_it_allows_one_call() -> None:
    bench = Bench()
    bench.fail(5)
    bench.rest_over()
    assert bench.breaker.limit(16) == 1


def test_traffic_comes_back_in_steps() -> None:
    bench = Bench()
    bench.fail(5)
    bench.rest_over()
    seen = []
    for _ in range(10):
        bench.succeed()
        seen.append((bench.breaker.share, bench.breaker.limit(16)))
    assert seen == [(0.1, 2)] * 3 + [(0.25, 4)] * 3 + [(0.5, 8)] * 3 + [(1.0, 16)]
    assert bench.breaker.state is BreakerState.CLOSED


def test_a_probe_that_fails_doubles_the_rest_up_to_a_bound() -> None:
    bench = Bench()
    bench.fail(5)
    rests = []
    for _ in range(8):
        rests.append(bench.breaker.returns_in_s)
        bench.rest_over()
        bench.fail()
    for rest_s, least in zip(rests, [2, 4, 8, 16, 32, 60, 60, 60], strict=True):
        assert least <= rest_s <= least * 1.1


def test_once_it_is_closed_again_rests_are_short_again() -> None:
    bench = Bench()
    for _ in range(3):
        bench.fail(5)
        bench.rest_over()
        bench.fail()
        bench.rest_over()
        bench.succeed(10)
        assert bench.breaker.state is BreakerState.CLOSED
    bench.fail(5)
    assert bench.breaker.returns_in_s <= 2.2


def test_two_failures_on_the_way_back_open_it_and_one_does_not() -> None:
    bench = Bench()
    bench.fail(5)
    bench.rest_over()
    bench.succeed()
    bench.fail()
    assert bench.breaker.state is BreakerState.RAMPING
    bench.fail()
    assert bench.breaker.state is BreakerState.OPEN


def test_what_never_answered_is_opened_by_its_first_failure_unless_something_came_back() -> None:
    new = Breaker(ManualClock(), Random(1))
    assert (new.limit(16), new.share) == (1, 1.0)
    new.failed(new.generation)
    assert new.state is BreakerState.OPEN
    there = Breaker(ManualClock(), Random(1))
    there.failed(there.generation, answered=True)
    assert there.state is BreakerState.CLOSED


def test_results_of_calls_from_before_it_opened_count_no_more() -> None:
    bench = Bench()
    before = bench.breaker.generation
    bench.fail(5)
    bench.rest_over()
    bench.breaker.succeeded(before)
    assert bench.breaker.state is BreakerState.HALF_OPEN
    bench.breaker.failed(before)
    assert bench.breaker.state is BreakerState.HALF_OPEN


def test_what_is_taken_out_rests_long_and_longer_each_time() -> None:
    bench = Bench()
    bench.breaker.take_out(bench.breaker.generation)
    rests = []
    for _ in range(6):
        rests.append(bench.breaker.returns_in_s)
        bench.rest_over()
        bench.breaker.take_out(bench.breaker.generation)
    for rest_s, least in zip(rests, [60, 120, 240, 480, 900, 900], strict=True):
        assert least <= rest_s <= least * 1.1


def test_a_rest_that_is_asked_for_is_kept_and_never_shortened() -> None:
    bench = Bench()
    bench.breaker.rest(30.0)
    assert 30.0 <= bench.breaker.returns_in_s <= 33.0
    bench.breaker.rest(5.0)
    assert bench.breaker.returns_in_s >= 30.0


def test_after_a_rest_that_was_asked_for_half_of_the_traffic_is_back_at_once() -> None:
    bench = Bench()
    bench.breaker.rest(3.0)
    bench.clock.advance(3.4)
    assert (bench.breaker.state, bench.breaker.limit(16)) == (BreakerState.RAMPING, 8)
    bench.succeed(3)
    assert bench.breaker.state is BreakerState.CLOSED


def test_in_doubt_it_lets_one_call_through() -> None:
    bench = Bench()
    bench.breaker.suspect(bench.breaker.generation)
    assert bench.breaker.limit(16) == 1
    bench.succeed()
    assert bench.breaker.limit(16) == 16


def test_every_change_is_told_with_its_reason() -> None:
    bench = Bench()
    told: list[tuple[BreakerState, str]] = []
    bench.breaker.on_change(lambda reason: told.append((bench.breaker.state, reason)))
    bench.breaker.take_out(bench.breaker.generation, "wrong key")
    assert told == [(BreakerState.OPEN, "wrong key")]


@given(st.lists(st.sampled_from(["ok", "fail", "out", "rest", "doubt", "time"]), max_size=60))
def test_whatever_happens_it_either_allows_a_call_or_says_when(events: list[str]) -> None:
    clock = ManualClock()
    breaker = Breaker(clock, Random(1))
    for event in events:
        now = breaker.generation
        match event:
            case "ok":
                breaker.succeeded(now)
            case "fail":
                breaker.failed(now)
            case "out":
                breaker.take_out(now)
            case "rest":
                breaker.rest(3.0)
            case "doubt":
                breaker.suspect(now)
            case _:
                clock.advance(1.0)
        assert (breaker.limit(16) == 0) == (breaker.returns_in_s > 0) == (breaker.share == 0.0)
        assert 0 <= breaker.limit(16) <= 16
        assert breaker.returns_in_s <= SETTINGS.most_taken_out_s * 1.1
