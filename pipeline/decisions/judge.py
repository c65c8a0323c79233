"""Has an answer judged: asks the arms that judge, reads their verdicts, pools and accounts them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from random import Random

from pipeline.clock import Clock
from pipeline.config import JudgingSettings
from pipeline.decisions.answer_log import AnswerLog
from pipeline.decisions.calls import CallFailedError, logged_call
from pipeline.decisions.judge_prompt import judge_prompt
from pipeline.decisions.run import Run
from pipeline.models.pool import ModelPool
from pipeline.olp.role import Prompt
from pipeline.rolerl.judge_book import JudgeBook
from pipeline.rolerl.judging import Judge, Verdict, choose, choose_auditor, pooled, read_verdict
from schemas.arm_names import base_of
from schemas.rewards import JudgeStanding, JudgeVerdict, RoleAssignment, assignment_key
from schemas.role_task import RoleTask


@dataclass(frozen=True)
class Judgment:
    """What the judges asked said of one answer; `verdict` None: nothing that counts.

    `digest` is the same for the same answer to the same task, whoever gave it.
    """

    verdicts: tuple[JudgeVerdict, ...] = ()
    verdict: Verdict | None = None
    digest: str = ""

    @property
    def cost_usd(self) -> float:
        """What asking them cost, readable or not."""
        return sum(verdict.cost_usd for verdict in self.verdicts)

    @property
    def judges(self) -> str | None:
        """Whose verdicts were read."""
        return ", ".join(v.judge for v in self.verdicts if v.right is not None) or None

    def same_as(self, other: "Judgment") -> bool:
        """Whether `other` judged the same answer."""
        return bool(other.verdicts) and other.digest == self.digest

    def paid_before(self) -> "Judgment":
        """The same, of an answer that was judged for another run: it costs nothing more."""
        free = tuple(verdict.model_copy(update={"cost_usd": 0.0}) for verdict in self.verdicts)
        return replace(self, verdicts=free)


class JudgePanel:
    """The judges of a deployment."""

    def __init__(self, pool: ModelPool, clock: Clock, settings: JudgingSettings) -> None:
        self._pool = pool
        self._clock = clock
        self._settings = settings

    def __bool__(self) -> bool:
        return bool(self._settings.models)

    async def judge(
        self,
        run: Run,
        prompt: Prompt,
        task: RoleTask,
        role_assignment: RoleAssignment | None,
        log: AnswerLog,
        wanted: bool,
    ) -> Judgment:
        """Judge the answer of `run` to `prompt` if it is `wanted`, or was judged before a crash.

        Who judges is a function of the decision and of the trust published with the assignment;
        judges whose judgment of this answer is in the log stay, and are not paid again. An arm
        never judges its own answer, in whatever batches it gave it.
        """
        asked = judge_prompt(prompt, run.answer, self._settings.max_output_tokens)
        judges = {judge.name: judge for judge in self._trusted(task, role_assignment)}
        window = task.window
        before = log.judges(window.window_id, task.role, asked.digest)
        own = base_of(run.model)
        chosen = [judges[name] for name in before if name in judges and name != own]
        if wanted and not chosen:
            there = (judge for judge in judges.values() if self._pool.share(judge.name) > 0.0)
            chosen = self._drawn(tuple(there), run)
        replies = [await self._ask(judge, asked, run, task, log) for judge in chosen]
        said = [
            (judge, verdict)
            for judge, (verdict, _) in zip(chosen, replies, strict=True)
            if verdict is not None
        ]
        return Judgment(tuple(entry for _, entry in replies), pooled(said), asked.digest)

    def _trusted(self, task: RoleTask, role_assignment: RoleAssignment | None) -> Iterable[Judge]:
        names = [name for name in self._settings.models if name in self._pool]
        standings = role_assignment.judges if role_assignment is not None else ()
        known = {standing.judge: judge_of(standing) for standing in standings}
        new = JudgeBook().judges(assignment_key(task.window.domain, task.role), names)
        return (known.get(judge.name, judge) for judge in new)

    def _drawn(self, judges: tuple[Judge, ...], run: Run) -> list[Judge]:
        rng = Random(f"{run.assigned.decision_id}|{run.model}")  # noqa: S311 - a repeatable draw
        own = base_of(run.model)
        first = choose(judges, own, rng)
        if first is None:
            return []
        second = choose_auditor(judges, (own, first.name), self._settings.audit_rate, rng)
        return [first] if second is None else [first, second]

    async def _ask(
        self, judge: Judge, asked: Prompt, run: Run, task: RoleTask, log: AnswerLog
    ) -> tuple[Verdict | None, JudgeVerdict]:
        try:
            call = await logged_call(
                self._pool, self._clock, log, task, judge.name, asked, run.assigned
            )
        except CallFailedError as failure:
            return None, JudgeVerdict(judge=judge.name, right=None, cost_usd=failure.lost.cost_usd)
        verdict = read_verdict(call.completion.text)
        return verdict, JudgeVerdict(
            judge=judge.name,
            right=None if verdict is None else verdict.right,
            quality=None if verdict is None else verdict.quality,
            faults=() if verdict is None else verdict.faults,
            cost_usd=call.completion.cost_usd + call.lost.cost_usd,
        )


def judge_of(standing: JudgeStanding) -> Judge:
    """A judge as its trust was published."""
    return Judge(standing.judge, standing.knows_right, standing.knows_wrong, standing.readable)


def standing_of(judge: Judge) -> JudgeStanding:
    """A judge's trust as it is published, to a hundredth."""
    return JudgeStanding(
        judge=judge.name,
        knows_right=round(judge.knows_right, 2),
        knows_wrong=round(judge.knows_wrong, 2),
        readable=round(judge.readable, 2),
    )
