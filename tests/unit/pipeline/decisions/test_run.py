"""One run: the answer is safe before it is used, repaired once, and paid for once."""

import json

import pytest

from pipeline.clock import ManualClock
from pipeline.decisions.answer_log import MemoryAnswerLog
from pipeline.decisions.calls import Assigned
from pipeline.decisions.run import Run, Runner
from pipeline.domains import Domain
from pipeline.errors import RetryableError
from pipeline.models.completion import (
    ModelRateLimitedError,
    ModelRefusedError,
    ModelTimeoutError,
    ModelUnavailableError,
)
from pipeline.olp.role import Reading
from pipeline.olp.topic_finder import TopicFinder
from schemas.answers import LoggedAnswer
from schemas.codec import decode, encode
from schemas.rewards import Outcome, RunKind
from schemas.role_task import RoleTask
from schemas.roles import Role
from tests.in_memory_models import InMemoryEndpoint, pool_of
from tests.role_tasks import GARDEN, role_task, window

TASK = role_task(Role.TOPIC_FINDER, window(["Here stands the rose.", "It is red.", "So red."]))
GOOD = '{"subjects": [{"name": "rose", "aliases": [], "attributes": {}}]}'
BAD = "no idea"
MOSTLY_GOOD = json.dumps({"subjects": [{"name": n} for n in ("rose", "red", "stands", "it", "xx")]})
ASSIGNED = Assigned("decision-1", RunKind.INCUMBENT, 0.75, "paper", 12)
FAILURES = [
    (ModelTimeoutError("m: no answer"), Outcome.TIMEOUT),
    (ModelRateLimitedError("m: 429"), Outcome.RATE_LIMITED),
    (ModelUnavailableError("m: away"), Outcome.ERROR),
    (ModelRefusedError("m: refused"), Outcome.ERROR),
    (ModelRefusedError("m: held back", "content"), Outcome.INVALID),
    (ModelRefusedError("m: too long", "length"), Outcome.INVALID),
]


class Trial:
    """One arm `m` with given replies, and an answer log."""

    def __init__(self, *replies: str | Exception, log: MemoryAnswerLog | None = None) -> None:
        self.clock = ManualClock()
        self.endpoint = InMemoryEndpoint(self.clock, *replies)
        self.log = log or MemoryAnswerLog()
        self.logic: TopicFinder = TopicFinder()

    async def run(self, assigned: Assigned = ASSIGNED) -> Run:
        runner = Runner(pool_of({"m": self.endpoint}), self.clock)
        return await runner.run(self.logic, TASK, GARDEN, "m", assigned, self.log)

    def logged(self) -> list[LoggedAnswer]:
        return list(self.log._answers.values())


async def test_a_good_answer_is_read_and_accounted_for() -> None:
    run = await Trial(GOOD).run()
    assert (run.model, run.outcome, run.usable, run.error) == ("m", Outcome.OK, True, None)
    assert (run.input_tokens, run.cached_tokens, run.output_tokens) == (100, 40, 10)
    assert (run.cost_usd, run.latency_s) == (0.25, 0.5)
    assert run.assigned == ASSIGNED
    assert run.reading is not None
    assert run.reading.task is not None
    assert run.reading.task.subjects[0].name == "rose"


async def test_an_answer_is_logged_before_it_is_read() -> None:
    trial = Trial(GOOD)
    seen: list[int] = []

    class Watching(TopicFinder):
        def read(self, task: RoleTask, domain: Domain, answer: str) -> Reading:
            seen.append(len(trial.logged()))
            return super().read(task, domain, answer)

    trial.logic = Watching()
    await trial.run()
    assert seen == [1]


async def test_the_logged_answer_can_be_read_from_kafka() -> None:
    trial = Trial(GOOD)
    run = await trial.run()
    (answer,) = trial.logged()
    assert decode(LoggedAnswer, encode(answer)) == answer
    assert (answer.text, answer.prompt_version) == (GOOD, run.prompt_version)
    assert (answer.decision_id, answer.propensity) == ("decision-1", 0.75)


async def test_a_logged_answer_is_used_instead_of_a_second_call() -> None:
    first = Trial(GOOD)
    before = await first.run()
    second = Trial(BAD, log=first.log)
    after = await second.run()
    assert second.endpoint.chats == []
    assert after.reading == before.reading
    assert (after.cost_usd, after.latency_s) == (before.cost_usd, before.latency_s)
    assert len(second.logged()) == 1


async def test_a_run_from_the_log_is_told_as_it_was_decided_the_first_time() -> None:
    first = Trial(GOOD)
    await first.run()
    later = Assigned("decision-1", RunKind.FALLBACK, 1.0, "other", 13)
    assert (await Trial(GOOD, log=first.log).run(later)).assigned == ASSIGNED


async def test_a_bad_answer_is_repaired_with_its_faults_named() -> None:
    trial = Trial(BAD, GOOD)
    run = await trial.run()
    assert (run.outcome, run.usable) == (Outcome.REPAIRED, True)
    first, second = trial.endpoint.chats
    assert second[:2] == first
    assert second[2] == ("assistant", BAD)
    assert second[3][0] == "user"
    assert '<repair>\n- the answer has no list "subjects"\n</repair>' in second[3][1]


async def test_a_repaired_run_costs_both_calls() -> None:
    run = await Trial(BAD, GOOD).run()
    assert (run.input_tokens, run.cached_tokens, run.output_tokens) == (200, 80, 20)
    assert (run.cost_usd, run.latency_s) == (0.5, 1.0)


async def test_there_is_one_repair_and_no_more() -> None:
    trial = Trial(BAD)
    run = await trial.run()
    assert len(trial.endpoint.chats) == 2
    assert (run.outcome, run.usable) == (Outcome.INVALID, False)
    assert run.error == 'the answer has no list "subjects"'
    assert run.cost_usd == 0.5


async def test_an_answer_with_little_to_drop_needs_no_second_call() -> None:
    trial = Trial(MOSTLY_GOOD)
    run = await trial.run()
    assert len(trial.endpoint.chats) == 1
    assert (run.outcome, run.usable) == (Outcome.REPAIRED, True)


async def test_after_a_crash_between_the_calls_only_the_repair_is_paid() -> None:
    crashed = Trial(BAD, ModelTimeoutError("m: no answer"))
    await crashed.run()
    again = Trial(GOOD, log=crashed.log)
    run = await again.run()
    (chat,) = again.endpoint.chats
    assert chat[2] == ("assistant", BAD)
    assert (run.outcome, run.cost_usd) == (Outcome.REPAIRED, 0.5)
    third = Trial(BAD, log=crashed.log)
    assert (await third.run()).outcome is Outcome.REPAIRED
    assert third.endpoint.chats == []


@pytest.mark.parametrize(("failure", "outcome"), FAILURES)
async def test_what_an_endpoint_does_is_an_outcome_not_an_exception(
    failure: Exception, outcome: Outcome
) -> None:
    trial = Trial(failure)
    run = await trial.run()
    assert (run.outcome, run.usable, run.reading) == (outcome, False, None)
    assert run.error == str(failure)
    assert (run.cost_usd, run.latency_s) == (0.0, 0.5)
    assert trial.logged() == []


@pytest.mark.parametrize(("failure", "outcome"), FAILURES)
async def test_a_repair_that_fails_leaves_the_first_call_on_the_bill(
    failure: Exception, outcome: Outcome
) -> None:
    run = await Trial(BAD, failure).run()
    assert (run.outcome, run.usable) == (outcome, False)
    assert (run.cost_usd, run.latency_s) == (0.25, 1.0)


@pytest.mark.parametrize("answer", ["", "\ud800", "\x00", "x" * 500_000, GOOD + "\udfff"])
async def test_what_an_answer_holds_is_an_outcome_not_an_exception(answer: str) -> None:
    trial = Trial(answer)
    run = await trial.run()
    assert run.outcome in (Outcome.OK, Outcome.INVALID)
    for logged in trial.logged():
        assert decode(LoggedAnswer, encode(logged)) == logged


async def test_an_answer_log_that_fails_is_not_the_fault_of_the_arm() -> None:
    class AwayLog(MemoryAnswerLog):
        async def append(self, answer: LoggedAnswer) -> None:
            raise RetryableError("the broker is away")

    with pytest.raises(RetryableError, match="the broker is away"):
        await Trial(GOOD, log=AwayLog()).run()
