"""One run: an arm is asked, its answer logged before use, read, and repaired at most once."""

from dataclasses import dataclass, replace
from datetime import datetime

from pipeline.clock import Clock
from pipeline.decisions.answer_log import AnswerLog
from pipeline.decisions.calls import Assigned, Call, CallFailedError, logged_call
from pipeline.domains import Domain
from pipeline.errors import RetryableError
from pipeline.models.completion import (
    NOTHING_SPENT,
    Completion,
    ModelRateLimitedError,
    ModelRefusedError,
    ModelTimeoutError,
    Spent,
)
from pipeline.models.pool import ModelPool
from pipeline.olp.role import Prompt, Reading, RoleLogic
from schemas.answers import Finish
from schemas.ids import stable_id
from schemas.rewards import Outcome
from schemas.role_task import RoleTask

_MAX_FAULTS_SHOWN = 8


@dataclass(frozen=True)
class Run:
    """What came of one run, its repair included.

    `latency_s`, tokens and `cost_usd` are sums over its calls, `repair_cost_usd` is the part of the
    second one, `lost` that of attempts that broke off; `reading` is None if no call finished,
    `answer` is the text that was read; `error` is the one line why the run failed. `away`: the
    endpoint gave no answer and may give one later; `made` is false if no call was made at all.
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
        """One run of `model`. Never raises for what an endpoint or an answer does.

        A run whose answer is in the log is told as it was assigned when the answer was paid for.
        Failed calls are repeated as `logged_call` says.
        """
        prompt = logic.prompt(task, domain, self._pool.settings(model).quotes)
        calls: list[Completion] = []
        reading: Reading | None = None
        started = self._clock.monotonic()
        error: str | None = None
        lost, failed, away, made = NOTHING_SPENT, False, False, True

        async def ask(prompt: Prompt, assigned: Assigned) -> Call:
            return await logged_call(
                self._pool, self._clock, log, task, model, prompt, assigned, deadline_s
            )

        try:
            call = await ask(prompt, assigned)
            assigned, first, lost = call.assigned, call.completion, call.lost
            lost_s = call.lost_s
            calls.append(first)
            reading = logic.read(task, domain, first.text)
            if not reading.valid and first.finish == "stop":
                call = await ask(_repair_prompt(prompt, first.text, reading), assigned)
                calls.append(call.completion)
                lost += call.lost
                lost_s += call.lost_s
                reading = logic.read(task, domain, call.completion.text)
            outcome = _outcome(reading, calls=len(calls))
            if not reading.valid:
                error = _why_invalid(reading, calls[-1].finish)
        except CallFailedError as failure:
            outcome, error = _failure_outcome(failure.cause), str(failure)
            lost += failure.lost
            lost_s = 0.0
            away = isinstance(failure.cause, RetryableError)
            made = failure.made or bool(calls)
            failed = True
        latency_s = sum(call.latency_s for call in calls) + lost_s
        if failed:
            latency_s = max(latency_s, self._clock.monotonic() - started)
        return Run(
            model=model,
            assigned=assigned,
            prompt_version=prompt.version,
            outcome=outcome,
            reading=reading,
            latency_s=latency_s,
            input_tokens=sum(call.input_tokens for call in calls) + lost.input_tokens,
            cached_tokens=sum(call.cached_tokens for call in calls),
            output_tokens=sum(call.output_tokens for call in calls) + lost.output_tokens,
            cost_usd=sum(call.cost_usd for call in calls) + lost.cost_usd,
            repair_cost_usd=sum(call.cost_usd for call in calls[1:]),
            at=self._clock.now(),
            answer=calls[-1].text if calls else "",
            error=error,
            lost=lost,
            away=away,
            made=made,
        )


def _repair_prompt(prompt: Prompt, answer: str, reading: Reading) -> Prompt:
    faults = "\n".join(f"- {fault}" for fault in reading.faults[:_MAX_FAULTS_SHOWN])
    ask = f"<repair>\n{faults}\n</repair>\nAnswer again, the whole answer, with these mended."
    return Prompt(
        messages=(*prompt.messages, ("assistant", answer[:20_000]), ("user", ask)),
        json_schema=prompt.json_schema,
        max_output_tokens=prompt.max_output_tokens,
        version=prompt.version,
        digest=stable_id("repair", prompt.digest, answer),
    )


def _outcome(reading: Reading, calls: int) -> Outcome:
    if not reading.valid:
        return Outcome.INVALID
    return Outcome.OK if reading.clean and calls == 1 else Outcome.REPAIRED


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
