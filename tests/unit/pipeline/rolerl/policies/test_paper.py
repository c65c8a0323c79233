"""The published algorithm, step by step."""

import pytest

from pipeline.rolerl.arms import Arm
from pipeline.rolerl.policies.board import Board
from pipeline.rolerl.policies.paper import PaperPolicy
from pipeline.rolerl.policy import Context, Decision, Observation, Run
from pipeline.rolerl.settings import PolicySettings

KEY = ("d", "topic_finder")
CONTEXT = Context("d", "topic_finder", "1")


def policy() -> PaperPolicy:
    return PaperPolicy([Arm("a", 0.1), Arm("b", 1.0)], PolicySettings(judge_price_usd=0.1))


def judged(decision: str, model: str, reward: float) -> Observation:
    return Observation(
        CONTEXT,
        decision,
        model,
        "incumbent",
        1.0,
        "ok",
        0.1,
        0.1,
        None,
        1.0,
        reward > 0.0,
        "judge",
        reward,
    )


def test_first_use_sweeps_and_fills_every_row_once() -> None:
    paper = policy()
    assert paper.role_assignment(KEY).sweep
    paper.update(judged("1", "b", 8.0))
    paper.update(judged("1", "a", -100.0))
    table = paper._table(KEY)
    assert table.values == {
        "+b": {"b": pytest.approx(0.8), "a": pytest.approx(-10.0)},
        "-a": {"a": pytest.approx(-10.0), "b": pytest.approx(0.8)},
    }
    assert (table.incumbent, table.right) == ("b", True)


def test_a_pair_is_credited_in_both_directions_and_the_better_stays() -> None:
    paper = policy()
    paper.update(judged("1", "b", 8.0))
    paper.update(judged("1", "a", -100.0))
    paper.update(judged("2", "b", 8.0))
    paper.update(judged("2", "a", 9.0))
    table = paper._table(KEY)
    assert table.values["+b"]["b"] == pytest.approx(0.8 + 0.1 * 7.2)
    once = -10.0 + 0.1 * 19.0
    assert table.values["+b"]["a"] == pytest.approx(once + 0.1 * (9.0 - once))
    assert table.values["+a"]["b"] == pytest.approx(0.8)
    assert (table.incumbent, table.right) == ("a", True)


def test_the_challenger_runs_beside_the_incumbent_and_all_is_judged() -> None:
    paper = policy()
    paper.update(judged("1", "b", 8.0))
    paper.update(judged("1", "a", -100.0))
    plan = paper.role_assignment(KEY)
    assert plan.primary == "b"
    assert plan.side_by_side
    assert plan.judge_rate == pytest.approx(1.0)
    assert {s.model: s.probability for s in plan.mix} == pytest.approx({"a": 0.015, "b": 0.985})


def test_the_boards_weight_moves_to_the_end_of_the_walk() -> None:
    board = Board("b")
    tables = [{"-a": {"a": 9.0, "b": 1.0}, "-b": {"a": 5.0, "b": 1.0}}]
    board.elect({"a": 0.1, "b": 1.0}, tables)
    assert board.weights == pytest.approx({"b": 0.99, "a": 0.01})
    for _ in range(200):
        board.elect({"a": 0.1, "b": 1.0}, tables)
    assert board.weights["a"] == pytest.approx(1.0)
    assert sum(board.weights.values()) == pytest.approx(1.0)


def test_the_greedy_choice_runs_beside_an_incumbent_it_differs_from() -> None:
    paper = policy()
    paper.set_rates(0.0, 0.1)
    paper.update(judged("1", "b", 8.0))
    paper.update(judged("1", "a", -100.0))
    assert paper.decide(CONTEXT) == Decision(Run("b", True), 1.0)
    for number in range(2, 40):
        paper.update(judged(str(number), "b", -100.0))
    decision = paper.decide(CONTEXT)
    assert (decision.first, decision.beside) == (Run("b", True), (Run("a", True),))


@pytest.mark.parametrize(("epsilon", "share"), [(0.03, 0.015), (0.5, 0.25), (1.7, 0.5)])
def test_a_random_challenger_runs_as_often_as_epsilon_says(epsilon: float, share: float) -> None:
    paper = policy()
    paper.set_rates(epsilon, 0.1)
    paper.update(judged("1", "b", 8.0))
    paper.update(judged("1", "a", -100.0))
    drawn = [paper.decide(CONTEXT) for _ in range(20_000)]
    beside = sum(bool(decision.beside) for decision in drawn) / len(drawn)
    assert beside == pytest.approx(share, abs=0.012)
    assert {round(d.propensity, 6) for d in drawn if d.beside} == {round(share, 6)}


def test_without_a_learning_rate_the_table_stands_still() -> None:
    paper = policy()
    paper.update(judged("1", "b", 8.0))
    paper.update(judged("1", "a", -100.0))
    before = {state: dict(row) for state, row in paper._table(KEY).values.items()}
    paper.set_rates(1.0, 0.0)
    paper.update(judged("2", "b", -50.0))
    assert paper._table(KEY).values == before
    assert paper._table(KEY).right is False
