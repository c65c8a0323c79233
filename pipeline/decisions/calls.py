"""One call of a model for a window: found in the answer log, or paid and put there before use."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial

from pipeline.clock import Clock
from pipeline.decisions.answer_log import AnswerLog
from pipeline.errors import RetryableError, RolestreamError
from pipeline.metrics import MODEL_RETRIES
from pipeline.models.completion import (
    NOTHING_SPENT,
    Completion,
    ModelFaultError,
    ModelRefusedError,
    ModelRestsError,
    Spent,
)
from pipeline.models.pool import ModelPool
from pipeline.olp.role import Prompt
from schemas.answers import LoggedAnswer, answer_key
from schemas.rewards import RunKind
from schemas.role_task import RoleTask


@dataclass(frozen=True)
class Assigned:
    """Under which assignment an arm runs."""

    decision_id: str
    kind: RunKind
    propensity: float
    policy: str
    version: int


@dataclass(frozen=True)
class Call:
    """A finished call and how it was assigned when it was made, perhaps before a crash.

    `lost` is what failed attempts before it cost, `lost_s` the seconds they and the waits took.
    """

    completion: Completion
    assigned: Assigned
    lost: Spent = NOTHING_SPENT
    lost_s: float = 0.0


class CallFailedError(RolestreamError):
    """The endpoint gave no answer; `cause` is how it failed. The log's own errors are no such.

    `lost` is what the attempts cost; `made` is false if a breaker held the only one back.
    """

    def __init__(
        self,
        cause: RetryableError | ModelRefusedError,
        lost: Spent = NOTHING_SPENT,
    ) -> None:
        super().__init__(str(cause))
        self.cause = cause
        self.lost = lost
        self.made = not isinstance(cause, ModelRestsError)


async def logged_call(
    pool: ModelPool,
    clock: Clock,
    log: AnswerLog,
    task: RoleTask,
    model: str,
    prompt: Prompt,
    assigned: Assigned,
    deadline_s: float | None = None,
) -> Call:
    """The answer of `model` to `prompt`; a call that is in the log is not made again, one that is
    under way is joined.

    A failed one is made again as the pool's retries say, not waiting past `deadline_s` of the
    clock. Characters that UTF-8 cannot carry (unpaired surrogates) become question marks. When the
    answer is durable `log.settled` says.
    Raises CallFailedError if the endpoint fails, and what the log raises if it cannot write.
    """
    window = task.window
    key = _key(task, model, prompt)
    logged = log.find(key)
    if logged is not None:
        return _found(logged)
    call = await log.join(key, partial(_answered, pool, model, prompt, assigned, deadline_s))
    completion, assigned = call.completion, call.assigned
    await log.append(
        LoggedAnswer(
            window_id=window.window_id,
            domain=window.domain,
            stream_id=window.stream_id,
            role=task.role,
            model=model,
            prompt_version=prompt.version,
            input_digest=prompt.digest,
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
            finish=completion.finish,
            at=clock.now(),
        )
    )
    return call


def assigned_before(
    log: AnswerLog, task: RoleTask, model: str, prompts: Iterable[Prompt]
) -> Assigned | None:
    """How the first of these calls that is in the log was assigned; None if none is."""
    for prompt in prompts:
        logged = log.find(_key(task, model, prompt))
        if logged is not None:
            return _found(logged).assigned
    return None


def _key(task: RoleTask, model: str, prompt: Prompt) -> str:
    window = task.window
    return answer_key(
        window.stream_id, window.window_id, task.role, model, prompt.version, prompt.digest
    )


async def _answered(
    pool: ModelPool, model: str, prompt: Prompt, assigned: Assigned, deadline_s: float | None
) -> Call:
    lost = NOTHING_SPENT
    clock = pool.retries.clock
    started_s = attempted_s = clock.monotonic()
    failures = 0
    while True:
        try:
            completion = await _attempt(pool, model, prompt)
        except ModelRefusedError as refusal:
            raise CallFailedError(refusal, lost) from None
        except ModelFaultError as fault:
            failures += 1
            lost += fault.spent
            most = pool.settings(model).max_retries
            wait_s = pool.retries.again_in_s(fault, failures, most, deadline_s)
            if not isinstance(fault, ModelRestsError) or failures == 1:
                told = fault
            if wait_s is None:
                raise CallFailedError(told, lost) from None
            MODEL_RETRIES.labels(model).inc()
            await pool.retries.sleep(wait_s)
            attempted_s = clock.monotonic()
        else:
            text = completion.text.encode("utf-8", "replace").decode("utf-8")
            return Call(replace(completion, text=text), assigned, lost, attempted_s - started_s)


async def _attempt(pool: ModelPool, model: str, prompt: Prompt) -> Completion:
    return await pool.complete(model, prompt.messages, prompt.json_schema, prompt.max_output_tokens)


def _found(logged: LoggedAnswer) -> Call:
    return Call(
        Completion(
            text=logged.text,
            input_tokens=logged.input_tokens,
            cached_tokens=logged.cached_tokens,
            output_tokens=logged.output_tokens,
            tokens_counted_by=logged.tokens_counted_by,
            latency_s=logged.latency_s,
            first_token_s=logged.first_token_s,
            cost_usd=logged.cost_usd,
            finish=logged.finish,
        ),
        Assigned(
            decision_id=logged.decision_id,
            kind=logged.kind,
            propensity=logged.propensity,
            policy=logged.policy,
            version=logged.assignment_version,
        ),
    )
