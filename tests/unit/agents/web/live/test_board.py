"""The board: what it counts, that it counts once, and that it stays small."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.web.live.board import LETTERS_KEPT, RECORDS_KEPT, RECORDS_SENT, Board, Surroundings
from agents.web.live.series import BUCKET_S, BUCKETS
from agents.web.live.views import Budget, RoleView, View
from pipeline.clock import ManualClock
from schemas.rewards import QualitySource
from schemas.roles import Role
from tests.live_messages import (
    AT,
    allowances,
    assignment,
    dead_letter,
    model,
    outcome,
    record,
    reward,
)

MODELS = (model("small", 0.1), model("large", 5.0))


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(AT)


@pytest.fixture
def board(clock: ManualClock) -> Board:
    return Board(clock, ("news",), lambda: MODELS)


def finder(view: View) -> RoleView:
    """The topic finder of the news."""
    (role,) = [r for r in view.roles if (r.domain, r.role) == ("news", "topic_finder")]
    return role


def test_an_empty_board_has_every_role(board: Board) -> None:
    view = board.since(0)
    assert len(view.roles) == 4
    assert finder(view).primary is None
    assert view.totals.dearest is None


def test_what_comes_twice_counts_once(board: Board) -> None:
    for item in (record("a", "r1"), record("b", "r1", revision=2)):
        board.record(item)
        board.record(item)
    event = reward(decision="d1", cost_usd=0.5)
    board.reward(event)
    board.reward(event)
    window, letter = outcome(), dead_letter()
    for _ in range(2):
        board.outcome(window)
        board.dead_letter(letter)
    view = board.since(0)
    assert view.totals.records == 2
    assert view.totals.spend_usd == 0.5
    assert (view.totals.windows, view.totals.sentences, view.totals.recorded) == (1, 4, 3)
    assert view.totals.dead_letters == 1
    assert finder(view).runs == 1


def test_only_changes_are_told(board: Board) -> None:
    board.record(record("a"))
    board.assigned(assignment())
    first = board.since(0)
    board.record(record("b"))
    board.reward(reward(role=Role.TOPIC_LOCATOR))
    second = board.since(first.version)
    assert [line.sentences[0].text for line in second.records] == ["b"]
    assert [role.role for role in second.roles] == ["topic_locator"]
    assert len(second.points) == 1
    third = board.since(second.version)
    assert (third.records, third.roles, third.points) == ((), (), ())
    assert third.totals == second.totals


def test_assignments_and_how_they_moved(board: Board) -> None:
    board.assigned(assignment("small", 1))
    board.assigned(assignment("small", 2))
    board.assigned(assignment("large", 3, ("small",), at=AT + timedelta(seconds=5)))
    board.assigned(assignment("small", 2))
    role = finder(board.since(0))
    assert (role.primary, role.version) == ("large", 3)
    assert [(stay.model, stay.version) for stay in role.history] == [("small", 1), ("large", 3)]
    assert [share.model for share in role.mix] == ["large", "small"]


def test_quality_is_of_what_was_delivered_and_the_latest_word_counts(board: Board) -> None:
    board.reward(reward("small", 1.0, decision="d1"))
    board.reward(reward("large", 0.0, decision="d1", kept=False))
    assert finder(board.since(0)).quality == 1.0
    late = reward("small", 0.5, QualitySource.FEEDBACK, decision="d1", late=True)
    board.reward(late)
    role = finder(board.since(0))
    assert (role.quality, role.quality_sources) == (0.5, {"feedback": 1})
    assert {m.model: m.quality for m in role.models} == {"small": 0.5, "large": 0.0}


def test_spend_has_everything_and_the_baselines_are_the_kept_tokens(board: Board) -> None:
    for number in range(10):
        board.reward(reward("small", 0.9, decision=f"k{number}", tokens=1000, cost_usd=1e-4))
        lost = reward("large", 1.0, decision=f"k{number}", tokens=1000, cost_usd=5e-3, kept=False)
        board.reward(lost)
    role = finder(board.since(0))
    assert role.spend_usd == pytest.approx(10 * (1e-4 + 5e-3))
    assert role.dearest is not None
    assert (role.dearest.model, role.dearest.usd) == ("large", pytest.approx(0.05))
    assert role.dearest.saved == pytest.approx(1 - 0.051 / 0.05)
    assert role.adequate is not None
    assert (role.adequate.model, role.adequate.usd) == ("small", pytest.approx(0.001))


def test_a_cheap_model_that_is_worse_is_not_adequate(board: Board) -> None:
    for number in range(10):
        board.reward(reward("large", 0.95, decision=f"d{number}"))
        board.reward(reward("small", 0.9, decision=f"d{number}", kept=False))
    adequate = finder(board.since(0)).adequate
    assert adequate is not None
    assert adequate.model == "large"


def test_a_model_with_few_scores_is_not_adequate(board: Board) -> None:
    for number in range(9):
        board.reward(reward("small", 1.0, decision=f"d{number}"))
    assert finder(board.since(0)).adequate is None


def test_the_total_saving_needs_every_role(board: Board) -> None:
    for number in range(10):
        board.reward(reward("small", 1.0, decision=f"d{number}"))
    assert board.since(0).totals.adequate is not None
    board.reward(reward("small", 1.0, role=Role.TOPIC_LOCATOR))
    totals = board.since(0).totals
    assert totals.adequate is None
    assert totals.dearest is not None


def test_latency_is_of_delivered_answers(board: Board) -> None:
    for number in range(100):
        board.reward(reward(latency_s=float(number + 1), decision=f"d{number}"))
    board.reward(reward(latency_s=900.0, kept=False))
    role = finder(board.since(0))
    assert (role.p50_s, role.p95_s) == (50.0, 95.0)


def test_time_is_cut_into_buckets_and_old_ones_go(board: Board, clock: ManualClock) -> None:
    board.record(record("old", at=AT))
    clock.advance(BUCKETS * BUCKET_S - 1)
    board.record(record("new", at=clock.now()))
    assert len(board.since(0).points) == 2
    clock.advance(BUCKET_S)
    board.record(record("newer", at=clock.now()))
    assert len(board.since(0).points) == 2
    board.record(record("of yesterday", at=AT - timedelta(days=1)))
    view = board.since(0)
    assert len(view.points) == 2
    assert view.totals.records == 4


def test_what_claims_to_come_from_the_future_counts_now(board: Board) -> None:
    board.record(record("soon", at=AT + timedelta(days=3)))
    assert board.since(0).points[0].t <= AT.timestamp()


def test_memory_and_messages_are_bounded(board: Board) -> None:
    version = board.since(0).version
    for number in range(3 * RECORDS_KEPT):
        board.record(record("x" * 5000, sentences=20))
        board.reward(reward(decision=f"d{number}"))
        board.dead_letter(dead_letter("y" * 900))
    whole, change = board.since(0), board.since(version or 1)
    assert len(whole.records) == RECORDS_KEPT
    assert len(whole.dead_letters) == LETTERS_KEPT
    assert len(change.records) == RECORDS_SENT
    assert whole.totals.records == 3 * RECORDS_KEPT
    last = whole.records[-1]
    assert (len(last.sentences), last.more) == (6, 14)
    assert all(len(line.text) <= 400 for line in last.sentences)


def test_the_surroundings_are_told_as_they_are(clock: ManualClock) -> None:
    view = Board(clock, (), tuple, Surroundings(lambda: {"policy": 3}, lambda: False)).since(0)
    assert (view.lag, view.broker) == ({"policy": 3}, False)


def test_budgets_are_those_of_the_newest_ledger(board: Board, clock: ManualClock) -> None:
    until = AT + timedelta(hours=1)
    board.allowances(allowances("news", spent_usd=4.0, version=2, until=until))
    board.allowances(allowances("news", spent_usd=1.0, version=1))
    assert board.since(0).budgets == (Budget("news", 1.0, 5.0, "day"),)
    clock.advance(3600)
    assert board.since(0).budgets == (Budget("news", 5.0, 5.0, "day"),)


@given(st.lists(st.integers(min_value=1, max_value=30), max_size=12))
def test_pieces_make_the_whole(steps: list[int]) -> None:
    board = Board(ManualClock(AT), ("news",), lambda: MODELS)
    version, heard = 0, []
    for step in steps:
        for _ in range(step):
            board.record(record())
        piece = board.since(version)
        version = piece.version
        heard += [item.serial for item in piece.records]
    whole = [item.serial for item in board.since(0).records]
    assert sorted(set(heard)) == heard
    assert heard[-len(whole) :] == whole or not whole
