"""Serves a role for a window: draw arms, run them, keep the best answer, fall back, account."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from pipeline.decisions.answer_log import AnswerLog
from pipeline.decisions.plans import UNASSIGNED_POLICY, uniform_plan
from pipeline.decisions.run import Assigned, Run, Runner
from pipeline.domains import Domain
from pipeline.errors import InvalidInputError, RetryableError
from pipeline.models.pool import ModelPool
from pipeline.olp.role import RoleLogic
from pipeline.rolerl.draw import Execution, Finished, draw
from pipeline.rolerl.messages import plan_of
from pipeline.rolerl.policy import Decision, Plan
from pipeline.rolerl.policy import Run as PlannedRun
from pipeline.rolerl.reward import RewardPreset
from schemas.ids import decision_id
from schemas.messages import ProducedBy
from schemas.rewards import (
    DecisionContext,
    Outcome,
    QualitySource,
    RewardEvent,
    RoleAssignment,
    RunKind,
)
from schemas.role_task import RoleTask

_AWAY = (Outcome.TIMEOUT, Outcome.ERROR, Outcome.RATE_LIMITED)


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
    """Serves roles with the arms of a pool; `max_fallbacks` bounds the runs after the first."""

    def __init__(
        self,
        pool: ModelPool,
        runner: Runner,
        domains: Mapping[str, Domain],
        reward: RewardPreset,
        max_fallbacks: int,
    ) -> None:
        self._pool = pool
        self._runner = runner
        self._domains = domains
        self._reward = reward
        self._max_fallbacks = max_fallbacks

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
        Raises FailedDecisionError when no answer was kept.
        """
        skipped = logic.skips(task)
        if skipped is not None:
            return Served(skipped, (), {})
        domain = self._domains[task.window.domain]
        decision = decision_id(task.window.window_id, task.role.value, task.attempt)
        try:
            plan = self._plan(task, role_assignment)
        except NoAcceptableAnswerError as cause:
            raise FailedDecisionError(cause, Served(task, (), {})) from None
        drawn = self._drawn(plan, task, decision, log)
        execution = Execution(drawn)
        runs: list[Run] = []
        while due := execution.due():
            if len(runs) > self._max_fallbacks + len(drawn.beside):
                break
            kinds = [_kind(planned.model, drawn, plan) for planned in due]
            assigned = [
                Assigned(
                    decision_id=decision,
                    kind=kind,
                    propensity=1.0 if kind is RunKind.FALLBACK else drawn.propensity,
                    policy=role_assignment.policy if role_assignment else UNASSIGNED_POLICY,
                    version=role_assignment.version if role_assignment else 0,
                )
                for kind in kinds
            ]
            finished = await asyncio.gather(
                *(
                    self._runner.run(logic, task, domain, planned.model, how, log)
                    for planned, how in zip(due, assigned, strict=True)
                )
            )
            for run in finished:
                runs.append(run)
                execution.report(self._finished(run))
        return self._conclude(task, runs, execution.kept)

    def _plan(self, task: RoleTask, role_assignment: RoleAssignment | None) -> Plan:
        able = self._pool.names(task.role.value)
        excluded = task.excluded.get(task.role.value, ())
        usable = tuple(name for name in able if name not in excluded)
        if not usable:
            raise NoAcceptableAnswerError(
                f"no arm is left for {task.role.value} (excluded: {', '.join(excluded) or 'none'})"
            )
        if role_assignment is None:
            return uniform_plan(usable)
        plan = plan_of(role_assignment)
        mix = tuple(share for share in plan.mix if share.model in usable)
        if not mix:
            return uniform_plan(usable)
        total = sum(share.probability for share in mix) or 1.0
        primary = plan.primary if plan.primary in usable else mix[0].model
        return plan._replace(
            primary=primary,
            mix=tuple(s._replace(probability=s.probability / total) for s in mix),
            fallbacks=tuple(s for s in plan.fallbacks if s.model in usable),
        )

    def _drawn(self, plan: Plan, task: RoleTask, decision: str, log: AnswerLog) -> Decision:
        drawn = draw(plan, Random(decision))  # noqa: S311 - a repeatable draw, no secret
        before = [
            m
            for m in log.models(task.window.window_id, task.role)
            if m in self._pool and m not in task.excluded.get(task.role.value, ())
        ]
        planned = {drawn.first.model, *(run.model for run in drawn.beside)}
        if not before or planned & set(before):
            return drawn
        return Decision(
            PlannedRun(before[0], judge=False), 1.0, (), (drawn.first, *drawn.fallbacks)
        )

    def _finished(self, run: Run) -> Finished:
        if not run.usable or run.reading is None:
            return Finished(run.model, valid=False, success=None, reward=None)
        score = run.reading.score
        reward = self._reward(score == 1.0, score, run.cost_usd, run.latency_s)
        # With all checks passed an answer is as good as free checks can tell; else the next in
        # line may do better only if it ran anyway: a soft check alone does not buy another run.
        return Finished(run.model, valid=True, success=True, reward=reward)

    def _conclude(self, task: RoleTask, runs: list[Run], kept: str) -> Served:
        best = next((run for run in runs if run.model == kept and run.usable), None)
        events = tuple(self._event(task, run, run is best) for run in runs)
        if best is None or best.reading is None or best.reading.task is None:
            reasons = "; ".join(f"{run.model}: {run.error}" for run in runs)
            message = f"{task.role.value}: no arm gave an acceptable answer ({reasons})"[:900]
            away = all(run.outcome in _AWAY for run in runs)
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
            for run in runs
            if run.usable and run.reading is not None and run.reading.task is not None
        }
        return Served(done, events, versions)

    def _event(self, task: RoleTask, run: Run, kept: bool) -> RewardEvent:
        away = run.outcome in _AWAY
        quality = None if away else (run.reading.score if run.reading and run.usable else 0.0)
        success = quality == 1.0
        return RewardEvent(
            decision_id=run.assigned.decision_id,
            window_id=task.window.window_id,
            domain=task.window.domain,
            role=task.role,
            model=run.model,
            kind=run.assigned.kind,
            propensity=run.assigned.propensity,
            policy=run.assigned.policy,
            assignment_version=run.assigned.version,
            prompt_version=run.prompt_version,
            context=DecisionContext(
                lang=task.window.lang,
                sentences=len(task.window.sentences),
                subjects=len(task.subjects),
                attempt=task.attempt,
            ),
            outcome=run.outcome,
            kept=kept,
            checks=dict(run.reading.checks) if run.reading else {},
            quality=quality,
            quality_source=QualitySource.CHECKS if quality is not None else None,
            latency_s=run.latency_s,
            input_tokens=run.input_tokens,
            cached_tokens=run.cached_tokens,
            output_tokens=run.output_tokens,
            cost_usd=run.cost_usd,
            reward=self._reward(success, quality, run.cost_usd, run.latency_s),
            at=run.at,
        )


def _kind(model: str, drawn: Decision, plan: Plan) -> RunKind:
    if model == drawn.first.model:
        return RunKind.INCUMBENT if model == plan.primary else RunKind.CHALLENGER
    if any(run.model == model for run in drawn.beside):
        return RunKind.CHALLENGER
    return RunKind.FALLBACK
