"""One run: an arm is asked, its answer logged before use, read, and repaired at most once."""

from dataclasses import dataclass
from datetime import datetime

from pipeline.clock import Clock
from pipeline.decisions.answer_log import AnswerLog
from pipeline.decisions.calls import Assigned, CallFailedError, logged_call
from pipeline.domains import Domain
from pipeline.models.completion import Completion, ModelRateLimitedError, ModelTimeoutError
from pipeline.models.pool import ModelPool
from pipeline.olp.role import Prompt, Reading, RoleLogic
from schemas.ids import stable_id
from schemas.rewards import Outcome
from schemas.role_task import RoleTask

_MAX_FAULTS_SHOWN = 8


@dataclass(frozen=True)
class Run:
    """What came of one run, its repair included.

    `latency_s`, tokens and `cost_usd` are sums over its calls, `repair_cost_usd` is the part of the
    second one; `reading` is None if no call finished, `answer` is the text that was read; `error`
    is the one line why the run failed.
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

    @property
    def usable(self) -> bool:
        """Whether its answer passed the checks, after a repair or without."""
        return self.outcome in (Outcome.OK, Outcome.REPAIRED)


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
    ) -> Run:
        """One run of `model`. Never raises for what an endpoint or an answer does.

        A run whose answer is in the log is told as it was assigned when the answer was paid for.
        """
        prompt = logic.prompt(task, domain, self._pool.settings(model).quotes)
        calls: list[Completion] = []
        reading: Reading | None = None
        started = self._clock.monotonic()
        error: str | None = None
        try:
            call = await logged_call(self._pool, self._clock, log, task, model, prompt, assigned)
            assigned, first = call.assigned, call.completion
            calls.append(first)
            reading = logic.read(task, domain, first.text)
            if not reading.valid:
                repair = _repair_prompt(prompt, first.text, reading)
                call = await logged_call(
                    self._pool, self._clock, log, task, model, repair, assigned
                )
                calls.append(call.completion)
                reading = logic.read(task, domain, call.completion.text)
            outcome = _outcome(reading, calls=len(calls))
            if not reading.valid:
                error = "; ".join(reading.faults[:3]) or "unusable answer"
        except CallFailedError as failure:
            outcome, error = _failure_outcome(failure.cause), str(failure)
        latency_s = sum(call.latency_s for call in calls)
        if outcome in (Outcome.TIMEOUT, Outcome.ERROR, Outcome.RATE_LIMITED):
            latency_s = max(latency_s, self._clock.monotonic() - started)
        return Run(
            model=model,
            assigned=assigned,
            prompt_version=prompt.version,
            outcome=outcome,
            reading=reading,
            latency_s=latency_s,
            input_tokens=sum(call.input_tokens for call in calls),
            cached_tokens=sum(call.cached_tokens for call in calls),
            output_tokens=sum(call.output_tokens for call in calls),
            cost_usd=sum(call.cost_usd for call in calls),
            repair_cost_usd=sum(call.cost_usd for call in calls[1:]),
            at=self._clock.now(),
            answer=calls[-1].text if calls else "",
            error=error,
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


def _failure_outcome(failure: Exception) -> Outcome:
    if isinstance(failure, ModelTimeoutError):
        return Outcome.TIMEOUT
    if isinstance(failure, ModelRateLimitedError):
        return Outcome.RATE_LIMITED
    return Outcome.ERROR
