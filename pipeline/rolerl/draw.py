"""How a worker or the replay samples one decision from a plan, and runs it to its end."""

from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from pipeline.rolerl.policy import Decision, Plan, Run, Share

CERTAIN = {0.0, 1.0}
"""Shares of judged runs that leave nothing to chance."""


def run_of(share: Share, rng: Random) -> Run:
    """The arm's run, judged with the share's probability."""
    rate = share.judge_rate
    return Run(share.model, rate >= 1.0 or (rate > 0.0 and rng.random() < rate))


def is_certain(plan: Plan) -> bool:
    """Whether every draw from the plan gives the same decision."""
    if len(plan.mix) > 1 and not plan.sweep:
        return False
    return {share.judge_rate for share in (*plan.mix, *plan.fallbacks)} <= CERTAIN


def picked(mix: Sequence[Share], point: float) -> Share:
    """The share in which `point`, 0..1, falls."""
    for share in mix:
        point -= share.probability
        if point < 0.0:
            return share
    return mix[-1]


def draw(plan: Plan, rng: Random) -> Decision:
    """Sample one decision; the propensity is the drawn arm's probability in the plan's mix.

    In a sweep it is one: every arm of the mix runs for certain.
    """
    fallbacks = tuple([run_of(share, rng) for share in plan.fallbacks])
    primary = next(share for share in plan.mix if share.model == plan.primary)
    if plan.sweep:
        others = tuple(run_of(s, rng) for s in plan.mix if s.model != plan.primary)
        return Decision(run_of(primary, rng), 1.0, others, fallbacks)
    drawn = picked(plan.mix, rng.random()) if len(plan.mix) > 1 else plan.mix[-1]
    if drawn is primary or not plan.side_by_side:
        rest = tuple(run for run in fallbacks if run.model != drawn.model)
        return Decision(run_of(drawn, rng), drawn.probability, (), rest)
    return Decision(run_of(primary, rng), drawn.probability, (run_of(drawn, rng),), fallbacks)


class Finished(NamedTuple):
    """A run that came back: `success` and `reward` are None if nobody judged it."""

    model: str
    valid: bool
    success: bool | None
    reward: float | None


class Execution:
    """Runs a decision without doing any input or output: ask `due`, report, read `kept`.

    First the incumbent and what runs beside it; then one fallback at a time while no answer is
    acceptable, i.e. passed its free checks and was not judged wrong.
    """

    def __init__(self, decision: Decision) -> None:
        self._due: tuple[Run, ...] = (decision.first, *decision.beside)
        self._fallbacks = list(decision.fallbacks)
        self._finished: list[Finished] = []

    def due(self) -> tuple[Run, ...]:
        """The runs to make now, side by side; empty when the decision is finished."""
        return self._due

    def report(self, finished: Finished) -> None:
        """Tell how one of the due runs ended."""
        self._due = tuple(run for run in self._due if run.model != finished.model)
        self._finished.append(finished)
        acceptable = any(f.valid and f.success is not False for f in self._finished)
        if not self._due and not acceptable and self._fallbacks:
            self._due = (self._fallbacks.pop(0),)

    @property
    def kept(self) -> str:
        """The arm whose answer is delivered: judged right with the best reward, else unjudged,

        else the best of those judged wrong, else the first; the earlier run wins a tie.
        """

        def rank(finished: Finished) -> tuple[int, float]:
            if not finished.valid:
                return (0, 0.0)
            if finished.success is None:
                return (2, 0.0)
            return (3 if finished.success else 1, finished.reward or 0.0)

        return max(self._finished, key=rank).model
