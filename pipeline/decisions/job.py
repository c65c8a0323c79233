"""One decision as far as it has come: what was drawn, what was run, who may still answer."""

from dataclasses import dataclass, field
from typing import NamedTuple

from pipeline.decisions.answer_log import AnswerLog
from pipeline.decisions.calls import Assigned
from pipeline.decisions.judge import Judgment
from pipeline.decisions.run import Run
from pipeline.decisions.unassigned import UNASSIGNED_POLICY
from pipeline.olp.role import RoleLogic
from pipeline.rolerl.policy import Decision, Plan
from schemas.rewards import RoleAssignment, RunKind
from schemas.role_task import RoleTask


class Judged(NamedTuple):
    """A run and what its judges said."""

    run: Run
    judgment: Judgment


@dataclass
class Job:
    """One decision as far as it has come; `runs` has the last run of each arm."""

    logic: RoleLogic
    task: RoleTask
    role_assignment: RoleAssignment | None
    log: AnswerLog
    decision: str
    intended: Plan
    drawn: Decision
    deadline_s: float
    runs: list[Judged] = field(default_factory=list)

    @property
    def usable(self) -> bool:
        """Whether some answer can be delivered."""
        return any(run.usable for run, _ in self.runs)

    @property
    def away(self) -> tuple[str, ...]:
        """If an arm gave no answer and may give one later: it, and those not asked yet."""
        if not any(run.away for run, _ in self.runs):
            return ()
        settled = {run.model for run, _ in self.runs if not run.away}
        planned = (self.drawn.first, *self.drawn.beside, *self.drawn.fallbacks)
        return tuple(run.model for run in planned if run.model not in settled)

    def take(self, judged: list[Judged]) -> None:
        """Add runs; a second run of an arm takes the place of the first, with what that lost."""
        before = {item.run.model: item.run for item in self.runs}
        again = {item.run.model for item in judged}
        self.runs = [item for item in self.runs if item.run.model not in again]
        self.runs += [
            item._replace(run=item.run.after(before[item.run.model]))
            if item.run.model in before
            else item
            for item in judged
        ]

    def assigned(self, model: str) -> Assigned:
        """How the arm comes to run: as it first did, if it is tried again."""
        for run, _ in self.runs:
            if run.model == model and run.made:
                return run.assigned
        kind = _kind(model, self.drawn, self.intended)
        planned = (self.drawn.first, *self.drawn.beside)
        was_drawn = any(run.model == model for run in planned)
        return Assigned(
            decision_id=self.decision,
            kind=kind,
            propensity=self.drawn.propensity if was_drawn else 1.0,
            policy=self.role_assignment.policy if self.role_assignment else UNASSIGNED_POLICY,
            version=self.role_assignment.version if self.role_assignment else 0,
        )


def reasons(runs: list[Judged]) -> str:
    """Why the runs failed, in one line that names each arm."""
    said = [run.error or "" for run, _ in runs]
    named = zip((run.model for run, _ in runs), said, strict=True)
    return "; ".join(s if s.startswith(f"{model}: ") else f"{model}: {s}" for model, s in named)


def _kind(model: str, drawn: Decision, intended: Plan) -> RunKind:
    """An arm that stands in for a mix that is away is a fallback, though it was drawn."""
    if model == drawn.first.model and model == intended.primary:
        return RunKind.INCUMBENT
    if any(run.model == model for run in drawn.beside):
        return RunKind.CHALLENGER
    if model == drawn.first.model and any(s.model == model for s in intended.mix):
        return RunKind.CHALLENGER
    return RunKind.FALLBACK
