"""Partitions that have work waiting and do not move."""

from aiokafka import TopicPartition

from agents.stalls import Stalls, Standing

PLACE = TopicPartition("role-topic-finder", 0)
OTHER = TopicPartition("role-topic-finder", 1)


def test_one_that_does_not_move_is_told_once_and_stays_stalled() -> None:
    stalls = Stalls(limit_s=60)
    still = {PLACE: Standing(5, 10), OTHER: Standing(0, 7)}
    assert stalls.observe(still, 0.0) == (frozenset(), frozenset())
    assert stalls.observe(still, 59.0) == (frozenset(), frozenset())
    assert stalls.observe(still, 60.0) == ({PLACE}, {PLACE})
    assert stalls.observe(still, 90.0) == ({PLACE}, frozenset())


def test_one_that_moves_is_well_however_much_waits() -> None:
    stalls = Stalls(limit_s=60)
    for step in range(10):
        assert not stalls.observe({PLACE: Standing(10_000, step)}, 50.0 * step)[0]


def test_one_that_moves_again_is_well_again() -> None:
    stalls = Stalls(limit_s=60)
    stalls.observe({PLACE: Standing(5, 10)}, 0.0)
    assert stalls.observe({PLACE: Standing(5, 10)}, 60.0)[0]
    assert not stalls.observe({PLACE: Standing(5, 11)}, 61.0)[0]
    assert stalls.observe({PLACE: Standing(5, 11)}, 121.0) == ({PLACE}, {PLACE})


def test_time_without_work_does_not_count() -> None:
    stalls = Stalls(limit_s=60)
    stalls.observe({PLACE: Standing(0, 10)}, 0.0)
    stalls.observe({PLACE: Standing(0, 10)}, 1000.0)
    assert not stalls.observe({PLACE: Standing(1, 10)}, 1001.0)[0]


def test_one_that_was_taken_away_begins_anew() -> None:
    stalls = Stalls(limit_s=60)
    stalls.observe({PLACE: Standing(5, 10)}, 0.0)
    stalls.observe({}, 30.0)
    assert not stalls.observe({PLACE: Standing(5, 10)}, 61.0)[0]
