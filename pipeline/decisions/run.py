"""One run: an arm is asked, its answer logged before use, read, and repaired at most once."""

from dataclasses import dataclass
from datetime import datetime

from pipeline.clock import Clock
from pipeline.decisions.answer_log import AnswerLog
from pipeline.domains import Domain
from pipeline.errors import RetryableError
from pipeline.models.completion import (
    Completion,
    ModelRateLimitedError,
    ModelRefusedError,
    ModelTimeoutError,
)
from pipeline.models.pool import ModelPool
from pipeline.olp.role import Prompt, Reading, RoleLogic
from schemas.answers import LoggedAnswer, answer_key
from schemas.ids import stable_id
from schemas.rewards import Outcome, RunKind
from schemas.role_task import RoleTask

_MAX_FAULTS_SHOWN = 8


@dataclass(frozen=True)
class Assigned:
    """Under which assignment an arm runs."""

    decision_id: str
    kind: RunKind
    propensity: float
    policy: str
    version: int


@dataclass(frozen=True)
class Run:
    """What came of one run, its repair included.

    `latency_s`, tokens and `cost_usd` are sums over its calls; `reading` is None if no call
    finished; `error` is the one line why the run failed.
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
    at: datetime
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
        """One run of `model`. Never raises for what an endpoint or an answer does."""
        prompt = logic.prompt(task, domain, self._pool.settings(model).quotes)
        calls: list[Completion] = []
        reading: Reading | None = None
        started = self._clock.monotonic()
        error: str | None = None
        try:
            first = await self._call(prompt, task, model, assigned, log, prompt.digest)
            calls.append(first)
            reading = logic.read(task, domain, first.text)
            if not reading.valid:
                repair = _repair_prompt(prompt, first.text, reading)
                digest = stable_id("repair", prompt.digest, first.text)
                second = await self._call(repair, task, model, assigned, log, digest)
                calls.append(second)
                reading = logic.read(task, domain, second.text)
            outcome = _outcome(reading, calls=len(calls))
            if not reading.valid:
                error = "; ".join(reading.faults[:3]) or "unusable answer"
        except (RetryableError, ModelRefusedError) as failure:
            outcome, error = _failure_outcome(failure), str(failure)
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
            at=self._clock.now(),
            error=error,
        )

    async def _call(
        self,
        prompt: Prompt,
        task: RoleTask,
        model: str,
        assigned: Assigned,
        log: AnswerLog,
        digest: str,
    ) -> Completion:
        window = task.window
        key = answer_key(
            window.stream_id, window.window_id, task.role, model, prompt.version, digest
        )
        logged = log.find(key)
        if logged is not None:
            return Completion(
                text=logged.text,
                input_tokens=logged.input_tokens,
                cached_tokens=logged.cached_tokens,
                output_tokens=logged.output_tokens,
                tokens_counted_by=logged.tokens_counted_by,
                latency_s=logged.latency_s,
                first_token_s=logged.first_token_s,
                cost_usd=logged.cost_usd,
            )
        completion = await self._pool.complete(
            model, prompt.messages, prompt.json_schema, prompt.max_output_tokens
        )
        await log.append(
            LoggedAnswer(
                window_id=window.window_id,
                domain=window.domain,
                stream_id=window.stream_id,
                role=task.role,
                model=model,
                prompt_version=prompt.version,
                input_digest=digest,
                decision_id=assigned.decision_id,
                kind=assigned.kind,
                propensity=assigned.propensity,
                policy=assigned.policy,
                assignment_version=assigned.version,
                text=completion.text,
                input_tokens=completion.input_tokens,
                cached_tokens=completion.cached_tokens,
                output_tokens=completion.output_tokens,
                tokens_counted_by=completion.tokens_counted_by,
                latency_s=completion.latency_s,
                first_token_s=completion.first_token_s,
                cost_usd=completion.cost_usd,
                at=self._clock.now(),
            )
        )
        return completion


def _repair_prompt(prompt: Prompt, answer: str, reading: Reading) -> Prompt:
    faults = "\n".join(f"- {fault}" for fault in reading.faults[:_MAX_FAULTS_SHOWN])
    ask = f"<repair>\n{faults}\n</repair>\nAnswer again, the whole answer, with these mended."
    return Prompt(
        messages=(*prompt.messages, ("assistant", answer[:20_000]), ("user", ask)),
        json_schema=prompt.json_schema,
        max_output_tokens=prompt.max_output_tokens,
        version=prompt.version,
        digest=prompt.digest,
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
