"""One run: an arm is asked in one call or several, and what they gave is told as one answer."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from pipeline.clock import Clock
from pipeline.decisions.answer_log import AnswerLog
from pipeline.decisions.calls import Assigned, assigned_before
from pipeline.decisions.part_call import PartCall, PartCaller
from pipeline.decisions.parts import makespan_s, parts_of
from pipeline.decisions.side_by_side import side_by_side
from pipeline.domains import Domain
from pipeline.errors import RetryableError
from pipeline.models.completion import (
    NOTHING_SPENT,
    ModelRateLimitedError,
    ModelRefusedError,
    ModelTimeoutError,
    Spent,
)
from pipeline.models.pool import ModelPool
from pipeline.olp.batches import merged
from pipeline.olp.role import Reading, RoleLogic, is_batched
from schemas.answers import Finish
from schemas.rewards import Outcome
from schemas.role_task import RoleTask


@dataclass(frozen=True)
class Run:
    """What came of one run, its repairs included.

    Tokens and `cost_usd` are sums over its calls, `repair_cost_usd` is the part of second ones,
    `lost` that of attempts that broke off; `latency_s` is what its calls take with as many side by
    side as the arm may have in flight, the same when they are found in the log again; `reading` is
    None if not all calls finished, `answer` is the text that was read; `error` is the one line why
    the run failed. `away`: the endpoint gave no answer and may give one later; `made` is false if
    no call was made at all.
    """

    model: str
    assigned: Assigned
    prompt_version: str
    outcome: Outcome
    reading: Reading | None
    latency_s: float
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    cost_usd: float
    repair_cost_usd: float
    at: datetime
    answer: str = ""
    error: str | None = None
    lost: Spent = NOTHING_SPENT
    away: bool = False
    made: bool = True

    @property
    def usable(self) -> bool:
        """Whether its answer passed the checks, after a repair or without."""
        return self.outcome in (Outcome.OK, Outcome.REPAIRED)

    def after(self, earlier: "Run") -> "Run":
        """This run with what the same arm's `earlier` one lost; finished calls are in the log."""
        lost = earlier.lost
        return replace(
            self,
            input_tokens=self.input_tokens + lost.input_tokens,
            output_tokens=self.output_tokens + lost.output_tokens,
            cost_usd=self.cost_usd + lost.cost_usd,
            lost=self.lost + lost,
            made=self.made or earlier.made,
        )


class Runner:
    """Runs arms of the pool on role tasks."""

    def __init__(self, pool: ModelPool, clock: Clock) -> None:
        self._pool = pool
        self._clock = clock

    async def run(
        self,
        logic: RoleLogic,
        task: RoleTask,
        domain: Domain,
        model: str,
        assigned: Assigned,
        log: AnswerLog,
        deadline_s: float | None = None,
    ) -> Run:
        """One run of `model`, in one call or in several side by side. Never raises for what an
        endpoint or an answer does.

        A run whose answer is in the log, or a part of it, is told as it was assigned when that was
        paid for. Failed calls are repeated as `logged_call` says.
        """
        arm = self._pool.settings(model)
        parts = parts_of(logic, task, domain, arm)
        if len(parts) > 1:
            prompts = (part.prompt for part in parts)
            assigned = assigned_before(log, task, model, prompts) or assigned
        caller = PartCaller(self._pool, self._clock, log, logic, task, domain, model, deadline_s)
        done = await side_by_side([caller.ask(part, assigned) for part in parts])
        result = _result(logic, task, domain, done)
        calls = [call for part in done for call in part.calls]
        lost = sum((part.lost for part in done), NOTHING_SPENT)
        failures = [part.failure.cause for part in done if part.failure is not None]
        return Run(
            model=model,
            assigned=done[0].assigned,
            prompt_version=parts[0].prompt.version,
            outcome=result.outcome,
            reading=result.reading,
            latency_s=makespan_s([part.latency_s for part in done], arm.in_flight),
            input_tokens=sum(call.input_tokens for call in calls) + lost.input_tokens,
            cached_tokens=sum(call.cached_tokens for call in calls),
            output_tokens=sum(call.output_tokens for call in calls) + lost.output_tokens,
            cost_usd=sum(call.cost_usd for call in calls) + lost.cost_usd,
            repair_cost_usd=sum(call.cost_usd for part in done for call in part.calls[1:]),
            at=self._clock.now(),
            answer=result.answer,
            error=result.error,
            lost=lost,
            away=bool(failures) and all(isinstance(f, RetryableError) for f in failures),
            made=any(part.made for part in done),
        )


class _Result(NamedTuple):
    outcome: Outcome
    reading: Reading | None
    answer: str
    error: str | None


def _result(logic: RoleLogic, task: RoleTask, domain: Domain, done: Sequence[PartCall]) -> _Result:
    """What the calls of a run give together: a failed one fails the run, however the others went.

    One that is refused for good is told before one that may be answered later.
    """
    failures = [part.failure for part in done if part.failure is not None]
    final = [isinstance(failure.cause, ModelRefusedError) for failure in failures]
    last = done[0].calls[-1].text if done[0].calls else ""
    if failures:
        failure = failures[final.index(True) if True in final else 0]
        outcome = _failure_outcome(failure.cause)
        only = done[0] if len(done) == 1 else None
        return _Result(outcome, only.reading if only else None, last if only else "", str(failure))
    worst = next((part for part in done if not _valid(part)), done[0])
    reading, answer = worst.reading, worst.calls[-1].text
    if len(done) > 1 and is_batched(logic):
        said = [(part.part.only, part.calls[-1].text) for part in done]
        whole = merged(logic, task, domain, said)
        if whole is not None:
            reading, answer = whole.reading, whole.answer
    assert reading is not None  # noqa: S101 - every part was answered
    if not reading.valid:
        return _Result(
            Outcome.INVALID, reading, answer, _why_invalid(reading, worst.calls[-1].finish)
        )
    repaired = any(len(part.calls) > 1 for part in done)
    outcome = Outcome.OK if reading.clean and not repaired else Outcome.REPAIRED
    return _Result(outcome, reading, answer, None)


def _valid(part: PartCall) -> bool:
    return part.reading is not None and part.reading.valid


_ENDINGS = {
    "length": "the answer is longer than its tokens allow",
    "content_filter": "the answer was held back by a content filter",
    "cut": "the answer is far longer than it may be",
}
"""Endings after which asking the same arm again is of no use."""


def _why_invalid(reading: Reading, finish: Finish) -> str:
    return _ENDINGS.get(finish) or "; ".join(reading.faults[:3]) or "unusable answer"


def _failure_outcome(failure: Exception) -> Outcome:
    if isinstance(failure, ModelRefusedError) and failure.because != "form":
        return Outcome.INVALID
    if isinstance(failure, ModelTimeoutError):
        return Outcome.TIMEOUT
    if isinstance(failure, ModelRateLimitedError):
        return Outcome.RATE_LIMITED
    return Outcome.ERROR
