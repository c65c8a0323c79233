"""What is tried without a judge: only what may change the choice, and where it costs least."""

import numpy as np

from pipeline.rolerl.exploration import MOST_BESIDE, Trials, choose_trials
from pipeline.rolerl.skills import Standing

VALUE = 1.0


def tried(known: Standing, costs: object, share: float, visits: float) -> Trials:
    heard = np.zeros(len(known.means), dtype=bool)
    return choose_trials(known, np.asarray(costs), VALUE, share, visits, heard)


def standing(means: list[float], deviations: list[float]) -> Standing:
    chances = np.array(means)
    return Standing(chances, np.diag(np.array(deviations) ** 2), chances * (1.0 - chances))


def test_without_news_nothing_is_tried() -> None:
    trials = tried(standing([0.8, 0.7], [0.2, 0.2]), np.full(2, 0.001), 0.0, 300)
    assert (trials.beside, trials.instead) == ((), None)


def test_a_cheap_arm_that_may_be_better_runs_beside_the_incumbent() -> None:
    known = standing([0.8, 0.6, 0.6], [0.03, 0.2, 0.01])
    trials = tried(known, np.full(3, 0.001), 0.2, 300)
    assert (trials.incumbent, trials.beside, trials.instead) == (0, (1,), None)


def test_an_arm_dearer_than_what_it_may_lose_is_tried_in_the_incumbents_place() -> None:
    known = standing([0.8, 0.81], [0.02, 0.2])
    trials = tried(known, np.array([0.001, 0.05]), 0.2, 300)
    assert (trials.incumbent, trials.beside, trials.instead) == (0, (), 1)


def test_what_is_too_dear_for_what_it_may_bring_is_not_tried() -> None:
    known = standing([0.8, 0.6], [0.03, 0.2])
    assert tried(known, np.array([0.001, 50.0]), 0.2, 300).beside == ()
    assert tried(known, np.array([0.001, 0.05]), 0.2, 1.0).beside == ()


def test_no_more_than_a_few_at_once_the_worthiest_first() -> None:
    known = standing([0.8, 0.6, 0.65, 0.7, 0.62, 0.1], [0.02, 0.2, 0.2, 0.2, 0.2, 0.01])
    trials = tried(known, np.full(6, 0.0001), 0.2, 300)
    assert len(trials.beside) == MOST_BESIDE
    assert trials.beside[0] == 3
    assert 5 not in trials.beside


def test_arms_that_rise_and_fall_together_are_not_told_apart_by_trying() -> None:
    deviation = 0.2
    alike = Standing(np.array([0.8, 0.75]), np.full((2, 2), deviation**2), np.array([0.16, 0.18]))
    assert tried(alike, np.full(2, 0.001), 0.2, 300).beside == ()


def test_an_arm_that_was_never_heard_runs_beside_whatever_is_expected_of_it() -> None:
    known = standing([0.9, 0.1, 0.1], [0.01, 0.01, 0.01])
    unheard = np.array([False, False, True])
    assert choose_trials(known, np.full(3, 0.001), VALUE, 0.2, 300, unheard).beside == (2,)
    assert choose_trials(known, np.full(3, 0.001), VALUE, 0.0, 300, unheard).beside == ()
