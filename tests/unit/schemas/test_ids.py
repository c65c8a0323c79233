"""Identifiers are functions of what they name, and never change between releases."""

from hypothesis import given
from hypothesis import strategies as st

from schemas.ids import decision_id, record_id, stable_id, subject_id, window_id

PARTS = st.lists(st.text(max_size=8) | st.integers(), max_size=4)


def test_ids_are_the_ones_that_are_stored_in_running_deployments() -> None:
    assert stable_id("a", 1) == "3324f0cbee51de58b8af9fbb"
    assert window_id("news", "s", 1, 9, "v") == "8a55e878739b8d06eccb5547"
    assert subject_id("news", "s", "w", "Bridge") == "30d9bfc084ba4b7292d92362"
    assert record_id("news", "s", "subject", "fact") == "857a87cbd70c855ccb6e6d9a"
    assert decision_id("w", "topic_finder", 0) == "4dccc710ebb2b87a3934529d"


@given(PARTS, PARTS)
def test_ids_are_equal_only_for_equal_parts(left: list[str | int], right: list[str | int]) -> None:
    same = [str(part) for part in left] == [str(part) for part in right]
    assert (stable_id(*left) == stable_id(*right)) is same


def test_boundaries_between_the_parts_count() -> None:
    assert len({stable_id("ab", "c"), stable_id("a", "bc"), stable_id("abc"), stable_id()}) == 4


def test_an_id_is_24_hexadecimal_characters() -> None:
    assert len(stable_id("x")) == 24
    assert set(stable_id("x")) <= set("0123456789abcdef")


def test_a_lone_surrogate_has_an_id_too() -> None:
    assert stable_id("\ud800") != stable_id("\ud801")


def test_every_part_of_what_an_id_names_changes_it() -> None:
    windows = {
        window_id("d", "s", 1, 9, "v"),
        window_id("e", "s", 1, 9, "v"),
        window_id("d", "t", 1, 9, "v"),
        window_id("d", "s", 2, 9, "v"),
        window_id("d", "s", 1, 8, "v"),
        window_id("d", "s", 1, 9, "w"),
    }
    records = {record_id("d", "s", "x", "c", part) for part in range(3)}
    decisions = {decision_id("w", "r", attempt) for attempt in range(3)}
    assert (len(windows), len(records), len(decisions)) == (6, 3, 3)


def test_kinds_of_ids_do_not_meet() -> None:
    assert subject_id("a", "b", "c", "d") != record_id("a", "b", "c", "d")
