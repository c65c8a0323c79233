"""One call of a run: asked, read, and repaired at most once."""

from dataclasses import dataclass

from pipeline.clock import Clock
from pipeline.decisions.answer_log import AnswerLog
from pipeline.decisions.calls import Assigned, Call, CallFailedError, logged_call
from pipeline.decisions.parts import Part
from pipeline.domains import Domain
from pipeline.models.completion import NOTHING_SPENT, Completion, Spent
from pipeline.models.pool import ModelPool
from pipeline.olp.role import Prompt, Reading, RoleLogic, is_batched
from schemas.ids import stable_id
from schemas.role_task import RoleTask

_MAX_FAULTS_SHOWN = 8


@dataclass(frozen=True)
class PartCall:
    """What came of a part of a run.

    `calls` are the finished ones, a repair last; `reading` is of the last one; `lost` is what
    attempts cost that broke off; `latency_s` is of all calls and attempts, one after the other.
    """

    part: Part
    assigned: Assigned
    calls: tuple[Completion, ...]
    reading: Reading | None
    lost: Spent
    latency_s: float
    failure: CallFailedError | None = None

    @property
    def made(self) -> bool:
        """Whether any call was made at all."""
        return bool(self.calls) or self.failure is None or self.failure.made


@dataclass(frozen=True)
class PartCaller:
    """Makes the calls of one run of the arm `model`."""

    pool: ModelPool
    clock: Clock
    log: AnswerLog
    logic: RoleLogic
    task: RoleTask
    domain: Domain
    model: str
    deadline_s: float | None = None

    async def ask(self, part: Part, assigned: Assigned) -> PartCall:
        """Ask, and ask again if the answer cannot be used. Never raises for what an endpoint or an

        answer does.
        """
        calls: list[Completion] = []
        reading: Reading | None = None
        started_s = self.clock.monotonic()
        lost, lost_s = NOTHING_SPENT, 0.0
        try:
            call, reading = await self._call(part, part.prompt, assigned)
            assigned, first = call.assigned, call.completion
            lost, lost_s = call.lost, call.lost_s
            calls.append(first)
            if not reading.valid and first.finish == "stop":
                repair = _repair_prompt(part.prompt, first.text, reading)
                call, reading = await self._call(part, repair, assigned)
                lost, lost_s = lost + call.lost, lost_s + call.lost_s
                calls.append(call.completion)
        except CallFailedError as failure:
            took_s = max(_latency_s(calls), self.clock.monotonic() - started_s)
            lost += failure.lost
            return PartCall(part, assigned, tuple(calls), reading, lost, took_s, failure)
        took_s = _latency_s(calls) + lost_s
        return PartCall(part, assigned, tuple(calls), reading, lost, took_s)

    async def _call(self, part: Part, prompt: Prompt, assigned: Assigned) -> tuple[Call, Reading]:
        call = await logged_call(
            self.pool,
            self.clock,
            self.log,
            self.task,
            self.model,
            prompt,
            assigned,
            self.deadline_s,
        )
        return call, self._read(part, call.completion)

    def _read(self, part: Part, answer: Completion) -> Reading:
        if part.only is None or not is_batched(self.logic):
            return self.logic.read(self.task, self.domain, answer.text)
        return self.logic.read(self.task, self.domain, answer.text, part.only)


def _latency_s(calls: list[Completion]) -> float:
    return sum(call.latency_s for call in calls)


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
