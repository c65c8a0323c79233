"""A run in several calls: each is safe by itself, together they are one answer and one account."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from pipeline.clock import ManualClock
from pipeline.decisions.answer_log import MemoryAnswerLog
from pipeline.decisions.calls import Assigned
from pipeline.decisions.run import Run, Runner
from pipeline.errors import RetryableError
from pipeline.models.completion import (
    Completion,
    ModelFaultError,
    ModelRefusedError,
    ModelTimeoutError,
    Spent,
)
from pipeline.models.pool import ModelPool
from pipeline.olp.topic_locator import TopicLocator
from pipeline.prompt_format import parse_user
from schemas.answers import LoggedAnswer
from schemas.rewards import Outcome, RunKind
from schemas.roles import Role
from tests.in_memory_models import Chat, arm
from tests.role_tasks import GARDEN, found, role_task, window

NAMES = ("rose", "fern", "oak", "elm")
TASK = role_task(
    Role.TOPIC_LOCATOR, window([f"Here stands the {name}." for name in NAMES]), found(*NAMES)
)
ASSIGNED = Assigned("decision-1", RunKind.INCUMBENT, 0.75, "paper", 12)
LATER = Assigned("decision-1", RunKind.FALLBACK, 1.0, "other", 13)
PLACES = [(n, n, n) for n in range(1, 5)]


class Locating:
    """Stands in for an endpoint that finds subject n in sentence n, but for what `instead` says.

    `instead` has replies by the numbers asked about, each for one call.
    """

    def __init__(self, clock: ManualClock, **instead: Sequence[str | Exception]) -> None:
        self._clock = clock
        self._instead = {name: list(replies) for name, replies in instead.items()}
        self.chats: list[Chat] = []
        self.asked: list[str] = []
        self.at_once = self.most_at_once = 0

    async def complete(
        self,
        messages: Sequence[tuple[str, str]],
        json_schema: Mapping[str, Any],
        max_output_tokens: int,
    ) -> Completion:
        numbers = [subject.number for subject in parse_user(messages[1][1]).subjects]
        name = "s" + "".join(map(str, numbers))
        self.asked.append(name)
        self.chats.append(tuple(messages))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        for _ in range(5):
            await asyncio.sleep(0)
        self.at_once -= 1
        replies = self._instead.get(name, [])
        reply = replies.pop(0) if replies else said(*numbers)
        if isinstance(reply, Exception):
            raise reply
        return Completion(reply, 100, 40, 10, "usage", 0.5 * len(numbers), None, 0.25)

    async def reach(self) -> None:
        """Always there."""

    async def close(self) -> None:
        """Nothing to release."""


def said(*numbers: int) -> str:
    return json.dumps({"spans": [{"subject": n, "first": n, "last": n} for n in numbers]})


class Trial:
    """The arm `m@SIZE` of a proven endpoint, and an answer log."""

    def __init__(
        self,
        size: int,
        log: MemoryAnswerLog | None = None,
        in_flight: int = 16,
        **instead: Sequence[str | Exception],
    ) -> None:
        self.clock = ManualClock()
        self.endpoint = Locating(self.clock, **instead)
        self.log = log or MemoryAnswerLog()
        settings = arm("m", max_retries=0, in_flight=in_flight, batch_subjects=(0, size))
        self._pool = ModelPool([(settings, self.endpoint)], self.clock)
        self._model = f"m@{size}"

    async def run(self, assigned: Assigned = ASSIGNED) -> Run:
        await self._pool.complete("m", [("system", ""), ("user", PROOF)], {}, 10)
        self.endpoint.asked.clear()
        self.endpoint.chats.clear()
        runner = Runner(self._pool, self.clock)
        return await runner.run(TopicLocator(), TASK, GARDEN, self._model, assigned, self.log)

    def logged(self) -> list[LoggedAnswer]:
        return list(self.log._answers.values())


PROOF = TopicLocator().prompt(TASK, GARDEN).messages[1][1]


def located(run: Run) -> list[tuple[int, int, int]]:
    assert run.reading is not None
    assert run.reading.task is not None
    return [(span.subject, span.first, span.last) for span in run.reading.task.spans]


async def test_the_answers_are_one_and_so_is_the_account() -> None:
    trial = Trial(1)
    run = await trial.run()
    assert sorted(trial.endpoint.asked) == ["s1", "s2", "s3", "s4"]
    assert located(run) == PLACES
    assert (run.model, run.outcome, run.error) == ("m@1", Outcome.OK, None)
    assert (run.input_tokens, run.cached_tokens, run.output_tokens) == (400, 160, 40)
    assert (run.cost_usd, run.repair_cost_usd) == (1.0, 0.0)
    assert json.loads(run.answer) == json.loads(said(1, 2, 3, 4))


async def test_it_reads_like_the_same_answer_in_one_piece() -> None:
    in_parts, whole = await Trial(2).run(), await Trial(4).run()
    assert in_parts.reading == whole.reading
    assert in_parts.prompt_version == whole.prompt_version


@pytest.mark.parametrize(("in_flight", "at_once", "latency_s"), [(16, 4, 0.5), (2, 2, 1.0)])
async def test_calls_are_made_side_by_side_as_far_as_the_arm_may(
    in_flight: int, at_once: int, latency_s: float
) -> None:
    trial = Trial(1, in_flight=in_flight)
    run = await trial.run()
    assert (trial.endpoint.most_at_once, run.latency_s) == (at_once, latency_s)


async def test_every_call_is_logged_under_its_own_key() -> None:
    trial = Trial(2)
    await trial.run()
    assert {answer.model for answer in trial.logged()} == {"m@2"}
    assert len({answer.input_digest for answer in trial.logged()}) == 2
    assert len({answer.prompt_version for answer in trial.logged()}) == 1


async def test_what_is_in_the_log_is_not_paid_again() -> None:
    first = Trial(1)
    before = await first.run()
    second = Trial(1, log=first.log)
    after = await second.run(LATER)
    assert second.endpoint.asked == []
    assert after.assigned == ASSIGNED
    assert (after.reading, after.cost_usd) == (before.reading, before.cost_usd)
    assert after.latency_s == before.latency_s


async def test_after_a_failed_call_only_that_one_is_made_again() -> None:
    first = Trial(1, s3=[ModelTimeoutError("m: no answer", spent=Spent(7, 3, 0.125))])
    failed = await first.run()
    assert (failed.outcome, failed.usable, failed.reading) == (Outcome.TIMEOUT, False, None)
    assert (failed.away, failed.made, failed.error) == (True, True, "m: no answer")
    assert (failed.cost_usd, failed.input_tokens) == (0.875, 307)
    assert len(first.logged()) == 3
    second = Trial(1, log=first.log)
    run = await second.run(LATER)
    assert second.endpoint.asked == ["s3"]
    assert (run.outcome, located(run), run.cost_usd) == (Outcome.OK, PLACES, 1.0)
    assert run.assigned == ASSIGNED
    assert {answer.kind for answer in second.logged()} == {ASSIGNED.kind}
    assert run.after(failed).cost_usd == 1.125


async def test_a_crash_in_the_middle_leaves_what_was_finished() -> None:
    class DyingLog(MemoryAnswerLog):
        async def append(self, answer: LoggedAnswer) -> None:
            if len(self._answers) == 2:
                raise RetryableError("the broker is away")
            await super().append(answer)

    first = Trial(1, log=DyingLog())
    with pytest.raises(RetryableError, match="the broker is away"):
        await first.run()
    again = MemoryAnswerLog()
    again._answers = first.log._answers
    second = Trial(1, log=again)
    assert located(await second.run()) == PLACES
    assert len(second.endpoint.asked) == 2


async def test_only_the_part_that_is_at_fault_is_repaired() -> None:
    trial = Trial(2, s34=["no idea"])
    run = await trial.run()
    assert sorted(trial.endpoint.asked) == ["s12", "s34", "s34"]
    assert '- the answer has no list "spans"' in trial.endpoint.chats[-1][3][1]
    assert (run.outcome, located(run)) == (Outcome.REPAIRED, PLACES)
    assert (run.cost_usd, run.repair_cost_usd) == (0.75, 0.25)
    assert run.latency_s == 2.0


async def test_a_part_that_stays_unreadable_makes_the_run_invalid() -> None:
    trial = Trial(2, s34=["no idea"] * 3)
    run = await trial.run()
    assert len(trial.endpoint.asked) == 3
    assert (run.outcome, run.usable) == (Outcome.INVALID, False)
    assert run.error == 'the answer has no list "spans"'


@pytest.mark.parametrize("renumbered", [said(1), said(1, 1, 1)])
async def test_a_model_that_counts_from_one_in_every_call_is_not_believed(renumbered: str) -> None:
    wrong = [renumbered] * 2
    trial = Trial(1, s2=list(wrong), s3=list(wrong), s4=list(wrong))
    run = await trial.run()
    assert len(trial.endpoint.asked) == 7
    assert (run.outcome, run.usable) == (Outcome.INVALID, False)
    assert run.error == "; ".join(["spans: subject 1 was not asked about"] * 3)


@pytest.mark.parametrize(
    ("failures", "outcome", "away"),
    [
        ((ModelTimeoutError("late"), ModelRefusedError("no", "content")), Outcome.INVALID, False),
        ((ModelFaultError("gone"), ModelTimeoutError("late")), Outcome.ERROR, True),
    ],
)
async def test_a_refusal_for_good_counts_more_than_what_may_still_come(
    failures: tuple[Exception, Exception], outcome: Outcome, away: bool
) -> None:
    run = await Trial(1, s1=[failures[0]], s2=[failures[1]]).run()
    assert (run.outcome, run.away) == (outcome, away)
