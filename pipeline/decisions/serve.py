"""Serves a role for a window: draw arms, run them, keep the best answer, fall back, account."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from pipeline.decisions.answer_log import AnswerLog
from pipeline.decisions.calls import Assigned
from pipeline.decisions.judge import JudgePanel, Judgment
from pipeline.decisions.reward_events import AWAY, reward_event
from pipeline.decisions.run import Run, Runner
from pipeline.decisions.unassigned import UNASSIGNED_POLICY, uniform_plan
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
from schemas.rewards import RewardEvent, RoleAssignment, RunKind
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
    """Serves roles with the arms of a pool; `max_fallbacks` bounds the runs after the first."""

    def __init__(
        self,
        pool: ModelPool,
        runner: Runner,
        domains: Mapping[str, Domain],
        reward: RewardPreset,
        max_fallbacks: int,
        judges: JudgePanel | None = None,
    ) -> None:
        self._pool = pool
        self._runner = runner
        self._domains = domains
        self._reward = reward
        self._max_fallbacks = max_fallbacks
        self._judges = judges

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
        runs: list[_Judged] = []
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
            judged: list[_Judged] = []
            # One after the other: the same answer from two arms is judged once.
            for planned, run in zip(due, finished, strict=True):
                judgment = Judgment()
                if self._judges is not None and run.usable:
                    prompt = logic.prompt(task, domain, self._pool.settings(run.model).quotes)
                    judgment = await self._judges.judge(
                        run, prompt, task, role_assignment, log, planned.judge
                    )
                if any(judgment.same_as(item.judgment) for item in (*runs, *judged)):
                    judgment = judgment.paid_before()
                judged.append(_Judged(run, judgment))
            runs += judged
            some_judged = any(item.judgment.verdict is not None for item in runs)
            for item in judged:
                execution.report(self._finished(item, some_judged))
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
        fallbacks = tuple(share for share in plan.fallbacks if share.model in usable)
        if not mix:
            if not fallbacks:
                return uniform_plan(usable)
            mix, fallbacks = fallbacks[:1], fallbacks[1:]
        total = sum(share.probability for share in mix)
        primary = plan.primary if plan.primary in usable else mix[0].model
        return plan._replace(
            primary=primary,
            mix=tuple(
                s._replace(probability=s.probability / total if total else 1.0 / len(mix))
                for s in mix
            ),
            fallbacks=fallbacks,
        )

    def _drawn(self, plan: Plan, task: RoleTask, decision: str, log: AnswerLog) -> Decision:
        drawn = draw(plan, Random(decision))  # noqa: S311 - a repeatable draw, no secret
        planned = {run.model: run for run in (*drawn.fallbacks, *drawn.beside, drawn.first)}
        before = [
            planned.get(m, PlannedRun(m, judge=False))
            for m in log.models(task.window.window_id, task.role)
            if m in self._pool and m not in task.excluded.get(task.role.value, ())
        ]
        later = (*before, drawn.first, *drawn.fallbacks)
        if before and not {drawn.first, *drawn.beside} & set(before):
            drawn = Decision(before[0], 1.0)
        taken = {drawn.first.model, *(run.model for run in drawn.beside)}
        in_turn = {run.model: run for run in later if run.model not in taken}
        return drawn._replace(fallbacks=tuple(in_turn.values()))

    def _finished(self, item: "_Judged", some_judged: bool) -> Finished:
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

    def _conclude(self, task: RoleTask, runs: list["_Judged"], kept: str) -> Served:
        best = next((run for run, _ in runs if run.model == kept and run.usable), None)
        events = tuple(
            reward_event(task, run, judgment, run is best, self._reward) for run, judgment in runs
        )
        if best is None or best.reading is None or best.reading.task is None:
            reasons = "; ".join(f"{run.model}: {run.error}" for run, _ in runs)
            message = f"{task.role.value}: no arm gave an acceptable answer ({reasons})"[:900]
            away = all(run.outcome in AWAY for run, _ in runs)
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


class _Judged(NamedTuple):
    run: Run
    judgment: Judgment


def _kind(model: str, drawn: Decision, plan: Plan) -> RunKind:
    if model == drawn.first.model:
        return RunKind.INCUMBENT if model == plan.primary else RunKind.CHALLENGER
    if any(run.model == model for run in drawn.beside):
        return RunKind.CHALLENGER
    return RunKind.FALLBACK
