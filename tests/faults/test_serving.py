"""Serving a role with arms that misbehave: each fault has one defined result, and is accounted."""

from typing import NamedTuple

import pytest

from pipeline.decisions.serve import FailedDecisionError, ModelsAwayError, NoAcceptableAnswerError
from schemas.rewards import Outcome, RunKind
from tests.faults.endpoint import Endpoint, Flow, finder_task, in_turn


class Result(NamedTuple):
    """What is due: outcome and calls of the arm at fault, and who answers in the end."""

    outcome: Outcome
    calls: int
    kept: str = "oracle"
    paid: bool = False


FALLEN_BACK = {
    "rate-limit": Result(Outcome.RATE_LIMITED, 3),
    "rate-limit-long": Result(Outcome.RATE_LIMITED, 1),
    "http-500": Result(Outcome.ERROR, 3),
    "http-502": Result(Outcome.ERROR, 3),
    "reset": Result(Outcome.ERROR, 3, paid=True),
    "hang": Result(Outcome.TIMEOUT, 1),
    "drip": Result(Outcome.TIMEOUT, 1),
    "empty": Result(Outcome.ERROR, 3),
    "truncated": Result(Outcome.ERROR, 3),
    "wrong-shape": Result(Outcome.INVALID, 2, paid=True),
    "outside": Result(Outcome.INVALID, 2, paid=True),
    "invented": Result(Outcome.INVALID, 2, paid=True),
    "foreign": Result(Outcome.INVALID, 2, paid=True),
    "huge": Result(Outcome.INVALID, 1, paid=True),
    "unauthorized": Result(Outcome.ERROR, 1),
    "no-model": Result(Outcome.ERROR, 1),
    "filter": Result(Outcome.INVALID, 1, paid=True),
    "filter-400": Result(Outcome.INVALID, 1),
    "too-long": Result(Outcome.INVALID, 1),
    "length": Result(Outcome.INVALID, 1, paid=True),
}
RETRIED = {
    "rate-limit:2": 3,
    "rate-limit-seconds:1": 2,
    "rate-limit-date:1": 2,
    "http-500:2": 3,
    "http-502:1": 2,
    "reset:1": 2,
    "empty:1": 2,
    "truncated:1": 2,
}
REPAIRED = ("wrong-shape:1", "outside:1", "invented:1", "foreign:1")
NUMBERS = iter(range(1, 10_000))


@pytest.mark.parametrize("model", FALLEN_BACK)
async def test_another_arm_steps_in(endpoint: Endpoint, model: str) -> None:
    due = FALLEN_BACK[model]
    flow = Flow(endpoint.arm(model), endpoint.arm("oracle"))
    before = endpoint.calls(model)
    served = await flow.serve(finder_task(next(NUMBERS)), in_turn(model, "oracle"))
    await flow.pool.close()
    first, second = served.events
    assert (first.model, first.outcome, first.kept) == (model, due.outcome, False)
    assert (second.model, second.outcome, second.kept) == ("oracle", Outcome.OK, True)
    assert second.kind is RunKind.FALLBACK
    assert endpoint.calls(model) - before == due.calls
    assert (first.cost_usd > 0) == due.paid
    assert served.task.subjects[0].name == "rose"


@pytest.mark.parametrize("model", RETRIED)
async def test_what_passes_is_asked_again(endpoint: Endpoint, model: str) -> None:
    flow = Flow(endpoint.arm(model), endpoint.arm("oracle"))
    before = endpoint.calls(model)
    served = await flow.serve(finder_task(next(NUMBERS)), in_turn(model, "oracle"))
    await flow.pool.close()
    (event,) = served.events
    assert (event.model, event.outcome, event.kept) == (model, Outcome.OK, True)
    assert endpoint.calls(model) - before == RETRIED[model]
    assert event.latency_s > (1.0 if "-seconds" in model else 0.2 if "date" not in model else 0.0)


@pytest.mark.parametrize("model", REPAIRED)
async def test_an_answer_that_is_wrong_is_repaired_once(endpoint: Endpoint, model: str) -> None:
    flow = Flow(endpoint.arm(model), endpoint.arm("oracle"))
    before = endpoint.calls(model)
    served = await flow.serve(finder_task(next(NUMBERS)), in_turn(model, "oracle"))
    await flow.pool.close()
    (event,) = served.events
    assert (event.model, event.outcome) == (model, Outcome.REPAIRED)
    assert event.cost_usd > event.repair_cost_usd > 0
    assert endpoint.calls(model) - before == 2


@pytest.mark.parametrize("model", ["wrong-shape", "filter", "too-long", "length", "huge"])
async def test_alone_its_last_word_is_the_cause_of_a_dead_letter(
    endpoint: Endpoint, model: str
) -> None:
    flow = Flow(endpoint.arm(model))
    with pytest.raises(FailedDecisionError) as caught:
        await flow.serve(finder_task(next(NUMBERS)), in_turn(model))
    await flow.pool.close()
    assert isinstance(caught.value.cause, NoAcceptableAnswerError)
    assert model in str(caught.value)


@pytest.mark.parametrize("model", ["http-500", "hang", "unauthorized", "rate-limit-long"])
async def test_alone_and_away_it_is_waited_for_until_the_deadline(
    endpoint: Endpoint, model: str
) -> None:
    flow = Flow(endpoint.arm(model), deadline_s=4.0)
    before = endpoint.calls(model)
    with pytest.raises(FailedDecisionError) as caught:
        await flow.serve(finder_task(next(NUMBERS)), in_turn(model))
    await flow.pool.close()
    assert isinstance(caught.value.cause, ModelsAwayError)
    assert endpoint.calls(model) - before <= 6


async def test_alone_it_is_waited_for_until_it_answers(endpoint: Endpoint) -> None:
    flow = Flow(endpoint.arm("http-500:5", max_retries=0))
    served = await flow.serve(finder_task(next(NUMBERS)), in_turn("http-500:5"))
    await flow.pool.close()
    (event,) = served.events
    assert (event.outcome, event.kept) == (Outcome.OK, True)
