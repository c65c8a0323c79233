"""One draw from a plan, and what is run and kept."""

from collections import Counter
from random import Random

from pipeline.rolerl.draw import Execution, Finished, draw
from pipeline.rolerl.policy import Decision, Plan, Run, Share

PLAN = Plan("a", (Share("a", 0.7, 0.0), Share("b", 0.3, 1.0)), (Share("c", 1.0, 0.0),))


def test_arms_are_drawn_with_their_probability() -> None:
    rng = Random(1)
    drawn = Counter(draw(PLAN, rng).first.model for _ in range(4000))
    assert abs(drawn["b"] / 4000 - 0.3) < 0.03


def test_a_challenger_runs_in_place_or_beside() -> None:
    rng = Random(1)
    instead = next(d for d in (draw(PLAN, rng) for _ in range(99)) if d.propensity == 0.3)
    assert (instead.first, instead.beside) == (Run("b", True), ())
    side = PLAN._replace(side_by_side=True)
    beside = next(d for d in (draw(side, rng) for _ in range(99)) if d.propensity == 0.3)
    assert (beside.first, beside.beside) == (Run("a", False), (Run("b", True),))


def test_a_sweep_runs_everything() -> None:
    decision = draw(PLAN._replace(sweep=True), Random(1))
    assert decision.first.model == "a"
    assert [run.model for run in decision.beside] == ["b"]
    assert decision.propensity == 1.0


def test_fallbacks_run_one_at_a_time_until_an_answer_is_acceptable() -> None:
    execution = Execution(Decision(Run("a", True), 1.0, (), (Run("b", False), Run("c", False))))
    execution.report(Finished("a", True, False, -1.0))
    assert execution.due() == (Run("b", False),)
    execution.report(Finished("b", True, None, None))
    assert execution.due() == ()
    assert execution.kept == "b"


def test_an_invalid_answer_is_never_kept_while_there_is_another() -> None:
    execution = Execution(Decision(Run("a", False), 1.0, (), (Run("b", True),)))
    execution.report(Finished("a", False, None, None))
    execution.report(Finished("b", True, False, -5.0))
    assert execution.kept == "b"


def test_the_better_judged_answer_is_kept_and_the_incumbent_wins_a_tie() -> None:
    for reward, kept in ((2.0, "b"), (1.0, "a")):
        execution = Execution(Decision(Run("a", True), 0.5, (Run("b", True),)))
        execution.report(Finished("a", True, True, 1.0))
        execution.report(Finished("b", True, True, reward))
        assert execution.kept == kept
