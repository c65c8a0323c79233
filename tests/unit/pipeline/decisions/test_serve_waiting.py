"""A decision whose arms are away: it waits for them within its deadline, and loses no money."""

import pytest

from pipeline.decisions.serve import ModelsAwayError, NoAcceptableAnswerError
from pipeline.models.completion import (
    ModelMisconfiguredError,
    ModelRateLimitedError,
    ModelRefusedError,
    ModelUnavailableError,
    Spent,
)
from schemas.rewards import Outcome, RunKind
from tests.unit.pipeline.decisions.desk import (
    AWAY,
    BAD,
    GOOD,
    Desk,
    ran,
    role_assignment,
    task,
)

DOWN = ModelUnavailableError("the endpoint failed (500)", answered=True)
WRONG_KEY = ModelMisconfiguredError("a: the key (401)", answered=True)
ALONE = role_assignment({"a": 1.0})


async def test_it_waits_for_an_arm_that_comes_back() -> None:
    desk = Desk(deadline_s=600, a=(AWAY, AWAY, AWAY, GOOD))
    served = await desk.serve(task(), ALONE)
    assert ran(served.events) == [("a", RunKind.INCUMBENT, True)]
    assert desk.calls() == {"a": 4}
    # Rests of 2, 4 and 8 seconds, each up to a tenth longer.
    assert 14.0 <= desk.clock.monotonic() <= 18.0


async def test_it_ends_when_its_deadline_is_over() -> None:
    desk = Desk(deadline_s=100, a=AWAY)
    failure = await desk.fail(task(), ALONE)
    assert isinstance(failure.cause, ModelsAwayError)
    assert 100.0 <= desk.clock.monotonic() <= 101.0
    assert [event.outcome for event in failure.events] == [Outcome.TIMEOUT]


async def test_a_bad_answer_and_an_arm_that_is_away_are_no_dead_letter_yet() -> None:
    desk = Desk(deadline_s=600, a=BAD, b=(AWAY, GOOD))
    served = await desk.serve(task(), role_assignment({"a": 1.0}, ["b"]))
    assert ran(served.events) == [
        ("a", RunKind.INCUMBENT, False),
        ("b", RunKind.FALLBACK, True),
    ]
    assert desk.calls() == {"a": 2, "b": 2}


@pytest.mark.parametrize("refusal", ["content", "length"])
async def test_when_every_arm_has_said_its_last_word_nothing_is_waited_for(refusal: str) -> None:
    refused = ModelRefusedError("b: refused", refusal)  # type: ignore[arg-type]
    desk = Desk(deadline_s=600, a=BAD, b=refused)
    failure = await desk.fail(task(), role_assignment({"a": 1.0}, ["b"]))
    assert isinstance(failure.cause, NoAcceptableAnswerError)
    assert desk.clock.monotonic() < 5.0


async def test_a_wrong_key_is_fallen_back_from_at_once_and_tried_again_after_a_long_rest() -> None:
    desk = Desk(deadline_s=600, a=(WRONG_KEY, GOOD), b=GOOD)
    how = role_assignment({"a": 1.0}, ["b"])
    first = await desk.serve(task(1), how)
    assert [(e.model, e.outcome) for e in first.events] == [
        ("a", Outcome.ERROR),
        ("b", Outcome.OK),
    ]
    second = await desk.serve(task(2), how)
    assert [e.model for e in second.events] == ["b"]
    assert desk.clock.monotonic() < 5.0
    desk.clock.advance(66.0)
    third = await desk.serve(task(3), how)
    assert [e.model for e in third.events] == ["a"]


async def test_if_all_arms_are_declared_wrongly_it_asks_at_the_pace_of_the_breaker() -> None:
    desk = Desk(deadline_s=600, a=WRONG_KEY)
    failure = await desk.fail(task(), ALONE)
    assert "the key (401)" in str(failure)
    # Rests of 60, 120, 240, 480 seconds: four calls in ten minutes.
    assert desk.calls() == {"a": 4}


async def test_what_was_not_asked_is_not_told_of() -> None:
    desk = Desk(deadline_s=1, a=WRONG_KEY)
    await desk.fail(task(1), ALONE)
    failure = await desk.fail(task(2), ALONE)
    assert failure.events == ()
    assert "rests for" in str(failure)


async def test_an_open_breaker_is_skipped_and_the_propensity_is_the_one_used() -> None:
    desk = Desk(a=WRONG_KEY, b=GOOD, c=GOOD)
    how = role_assignment({"a": 0.5, "b": 0.3, "c": 0.2}, ["b"])
    while not desk.arms["a"].chats:
        await desk.serve(task(len(desk.arms["b"].chats) + 100), how)
    drawn = {
        (e.model, e.kind, round(e.propensity, 6))
        for number in range(40)
        for e in (await desk.serve(task(number), how)).events
    }
    assert drawn == {("b", RunKind.CHALLENGER, 0.6), ("c", RunKind.CHALLENGER, 0.4)}


async def test_who_stands_in_for_a_mix_that_is_away_is_a_fallback() -> None:
    desk = Desk(a=WRONG_KEY, b=GOOD)
    how = role_assignment({"a": 1.0}, ["b"])
    for number in (1, 2):
        served = await desk.serve(task(number), how)
        last = served.events[-1]
        assert (last.model, last.kind, last.propensity) == ("b", RunKind.FALLBACK, 1.0)
    assert desk.calls() == {"a": 1, "b": 2}


async def test_a_call_that_may_succeed_a_moment_later_is_made_again() -> None:
    limited = ModelRateLimitedError("a: 429", retry_after_s=3.0, answered=True)
    desk = Desk(max_retries=2, deadline_s=60, a=(DOWN, limited, GOOD))
    served = await desk.serve(task(), ALONE)
    (event,) = served.events
    assert (event.outcome, desk.calls()) == (Outcome.OK, {"a": 3})
    assert event.latency_s == desk.clock.monotonic() > 3.0


async def test_what_a_broken_answer_cost_is_on_the_bill_of_the_run_that_follows() -> None:
    broken = ModelUnavailableError("broke off", spent=Spent(80, 5, 0.125), answered=True)
    desk = Desk(max_retries=1, deadline_s=60, a=(broken, broken, broken, GOOD))
    (event,) = (await desk.serve(task(), ALONE)).events
    assert event.cost_usd == 3 * 0.125 + 0.25
    assert (event.input_tokens, event.output_tokens) == (3 * 80 + 100, 3 * 5 + 10)


async def test_arms_beyond_the_bound_of_fallbacks_are_asked_before_the_window_is_given_up() -> None:
    desk = Desk(max_fallbacks=0, deadline_s=60, a=AWAY, b=GOOD)
    served = await desk.serve(task(), role_assignment({"a": 1.0}, ["b"]))
    assert [event.model for event in served.events if event.kept] == ["b"]
