"""Serves a role for a window: draw arms, run them, keep the best answer, fall back, account."""

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.decisions.answer_log import AnswerLog
from pipeline.decisions.drawing import PlanBook, drawn_for
from pipeline.decisions.job import Job, Judged, reasons
from pipeline.decisions.judge import JudgePanel, Judgment
from pipeline.decisions.reward_events import reward_event
from pipeline.decisions.run import Run, Runner
from pipeline.decisions.side_by_side import side_by_side
from pipeline.decisions.waiting import Waiting
from pipeline.domains import Domain
from pipeline.errors import InvalidInputError, RetryableError
from pipeline.models.pool import ModelPool
from pipeline.models.prices import cost_usd
from pipeline.olp.role import RoleLogic
from pipeline.rolerl.draw import Execution, Finished
from pipeline.rolerl.policy import Decision
from pipeline.rolerl.policy import Run as PlannedRun
from pipeline.rolerl.reward import RewardPreset
from schemas.ids import decision_id
from schemas.messages import ProducedBy
from schemas.rewards import RewardEvent, RoleAssignment
from schemas.role_task import RoleTask


class ModelsAwayError(RetryableError):
    """Every arm that could serve the role is away at the moment."""


class NoAcceptableAnswerError(InvalidInputError):
    """Every arm that could serve the role answered, none acceptably."""


@dataclass(frozen=True)
class Served:
    """A served role: the task with this role's part, one reward event a run, and each usable
    run's own version of the task, by arm.
    """

    task: RoleTask
    events: tuple[RewardEvent, ...]
    versions: Mapping[str, RoleTask]


class FailedDecisionError(Exception):
    """No answer was kept; carries the cause and the reward events that are due all the same."""

    def __init__(self, cause: ModelsAwayError | NoAcceptableAnswerError, served: Served) -> None:
        super().__init__(str(cause))
        self.cause = cause
        self.events = served.events


class RoleServer:
    """Serves roles with the arms of a pool.

    `max_fallbacks` bounds the runs after the first; for `deadline_s` a decision without an answer
    waits for arms that are away, 0 is not at all.
    """

    def __init__(
        self,
        pool: ModelPool,
        runner: Runner,
        domains: Mapping[str, Domain],
        reward: RewardPreset,
        max_fallbacks: int,
        judges: JudgePanel | None = None,
        deadline_s: float = 0.0,
    ) -> None:
        self._pool = pool
        self._plans = PlanBook(pool)
        self._runner = runner
        self._domains = domains
        self._reward = reward
        self._max_fallbacks = max_fallbacks
        self._judges = judges
        self._deadline_s = deadline_s
        self._waiting = Waiting(pool)

    def dearest_usd(self, event: RewardEvent) -> float:
        """What a run's tokens would have cost at the pool's dearest arm; 0 unless it was kept."""
        if not event.kept or event.late:
            return 0.0
        tokens = (event.input_tokens, event.cached_tokens, event.output_tokens)
        return cost_usd(self._pool.dearest, *tokens)

    async def serve(
        self,
        logic: RoleLogic,
        task: RoleTask,
        role_assignment: RoleAssignment | None,
        log: AnswerLog,
    ) -> Served:
        """Serve `logic.role` for the task's window.

        The draw is a function of the decision id, and arms that had answered before a crash go
        first: a redelivered task gets the answer of the first time without a second payment.
        While no answer is acceptable and an arm is away that may come back, it waits for that arm,
        for `deadline_s` in all. Nothing of it may be sent before `log.settled` returns, either way.
        Raises FailedDecisionError when no answer was kept.
        """
        skipped = logic.skips(task)
        if skipped is not None:
            return Served(skipped, (), {})
        plans = self._plans.plans_for(task, role_assignment)
        if plans is None:
            excluded = ", ".join(task.excluded.get(task.role.value, ())) or "none"
            cause = NoAcceptableAnswerError(
                f"no arm is left for {task.role.value} (excluded: {excluded})"
            )
            raise FailedDecisionError(cause, Served(task, (), {}))
        decision = decision_id(task.window.window_id, task.role.value, task.attempt)
        drawn = drawn_for(self._pool, plans.lot, task, decision, log)
        deadline_s = self._pool.retries.clock.monotonic() + self._deadline_s
        job = Job(logic, task, role_assignment, log, decision, plans.intended, drawn, deadline_s)
        kept = await self._execute(job, drawn)
        if self._deadline_s > 0.0 and job.away and not job.usable:
            with self._waiting.for_models(task.role.value, reasons(job.runs)):
                kept = await self._wait(job, kept)
        return self._conclude(task, job.runs, kept)

    async def _wait(self, job: Job, kept: str) -> str:
        """Run arms as they come back; gives the arm whose answer is kept."""
        rounds = 0
        while job.away and not job.usable:
            rounds += 1
            ready = await self._waiting.until_one_may_answer(job.away, rounds, job.deadline_s)
            if not ready:
                break
            again = tuple(PlannedRun(model, judge=False) for model in ready)
            kept = await self._execute(job, Decision(again[0], 1.0, fallbacks=again[1:]))
        return kept

    async def _execute(self, job: Job, drawn: Decision) -> str:
        """Run a decision; gives the arm whose answer is kept."""
        execution = Execution(drawn)
        made = 0
        while due := execution.due():
            if made > self._max_fallbacks + len(drawn.beside):
                break
            finished = await side_by_side([self._run(job, planned) for planned in due])
            judged: list[Judged] = []
            # One after the other: the same answer from two arms is judged once.
            for planned, run in zip(due, finished, strict=True):
                judgment = await self._judged(job, planned, run)
                if any(judgment.same_as(item.judgment) for item in (*job.runs, *judged)):
                    judgment = judgment.paid_before()
                judged.append(Judged(run, judgment))
            made += sum(item.run.made for item in judged)
            job.take(judged)
            some_judged = any(item.judgment.verdict is not None for item in job.runs)
            for item in judged:
                execution.report(self._finished(item, some_judged))
        return execution.kept

    async def _run(self, job: Job, planned: PlannedRun) -> Run:
        return await self._runner.run(
            job.logic,
            job.task,
            self._domains[job.task.window.domain],
            planned.model,
            job.assigned(planned.model),
            job.log,
            job.deadline_s if self._deadline_s > 0.0 else None,
        )

    async def _judged(self, job: Job, planned: PlannedRun, run: Run) -> Judgment:
        if self._judges is None or not run.usable:
            return Judgment()
        quotes = self._pool.settings(run.model).quotes
        prompt = job.logic.prompt(job.task, self._domains[job.task.window.domain], quotes)
        return await self._judges.judge(
            run, prompt, job.task, job.role_assignment, job.log, planned.judge
        )

    def _finished(self, item: Judged, some_judged: bool) -> Finished:
        run, verdict = item.run, item.judgment.verdict
        if not run.usable or run.reading is None:
            return Finished(run.model, valid=False, success=None, reward=None)
        if verdict is not None:
            reward = self._reward(verdict.right, verdict.quality, run.cost_usd, run.latency_s)
            return Finished(run.model, valid=True, success=verdict.right, reward=reward)
        if some_judged:
            return Finished(run.model, valid=True, success=None, reward=None)
        score = run.reading.score
        reward = self._reward(score == 1.0, score, run.cost_usd, run.latency_s)
        # With all checks passed an answer is as good as free checks can tell; else the next in
        # line may do better only if it ran anyway: a soft check alone does not buy another run.
        return Finished(run.model, valid=True, success=True, reward=reward)

    def _conclude(self, task: RoleTask, runs: list[Judged], kept: str) -> Served:
        best = next((run for run, _ in runs if run.model == kept and run.usable), None)
        events = tuple(
            reward_event(task, run, judgment, run is best, self._reward)
            for run, judgment in runs
            if run.made
        )
        if best is None or best.reading is None or best.reading.task is None:
            message = f"{task.role.value}: no arm gave an acceptable answer ({reasons(runs)})"
            message = message[:900]
            away = any(run.away for run, _ in runs)
            cause = ModelsAwayError(message) if away else NoAcceptableAnswerError(message)
            raise FailedDecisionError(cause, Served(task, events, {}))
        author = ProducedBy(
            model=best.model,
            prompt_version=best.prompt_version,
            decision_id=best.assigned.decision_id,
        )
        done = best.reading.task.model_copy(
            update={"produced_by": {**task.produced_by, task.role.value: author}}
        )
        versions = {
            run.model: run.reading.task
            for run, _ in runs
            if run.usable and run.reading is not None and run.reading.task is not None
        }
        return Served(done, events, versions)
