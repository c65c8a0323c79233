"""From the observations of a log to its decisions: which runs were drawn, and what they earned."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from pipeline.errors import InvalidInputError
from pipeline.rolerl.policy import Key, Observation

DRAWN_KINDS = ("incumbent", "challenger")
RANK = {None: 0, "checks": 1, "judge": 2, "feedback": 3, "gold": 3}
"""Whose word on a run's quality counts: people's before judges', judges' before free checks'."""


class LoggedRun(NamedTuple):
    """A run that was drawn with `propensity`; `reward` is None if nobody knows it.

    `sure`: its reward would have become known in any case, as that of an answer which fails its
    free checks. What others earned became known by a sample.
    """

    model: str
    propensity: float
    reward: float | None
    sure: bool = False


class Logged(NamedTuple):
    """One decision: the runs that were drawn. More than one only if all ran for certain."""

    key: Key
    runs: tuple[LoggedRun, ...]


@dataclass(slots=True)
class DecisionRecord:
    """The runs of one decision as they were observed, late news merged in."""

    key: Key
    runs: dict[str, Observation]

    def drawn(self) -> tuple[Observation, ...]:
        """The runs that the draw of the decision was about.

        Beside an incumbent the challenger was drawn. Several challengers, or runs of propensity
        one, are a sweep: each of them ran for certain.
        """
        drawn = [run for run in self.runs.values() if run.kind in DRAWN_KINDS]
        others = [run for run in drawn if run.kind == "challenger"]
        if len(others) > 1 or (len(drawn) > 1 and all(run.propensity >= 1.0 for run in drawn)):
            return tuple(run._replace(propensity=1.0) for run in drawn)
        return tuple(others or drawn)


def merge(records: dict[str, DecisionRecord], seen: Observation) -> bool:
    """Add an observation to the records by decision; returns whether the decision is new.

    Late news of a run that is not there is left out: nothing is known of how it was drawn.
    """
    record = records.get(seen.decision)
    if seen.late:
        before = None if record is None else record.runs.get(seen.model)
        if record is not None and before is not None and RANK[seen.source] >= RANK[before.source]:
            record.runs[seen.model] = before._replace(
                outcome=seen.outcome if seen.source == "checks" else before.outcome,
                quality=seen.quality,
                success=seen.success,
                source=seen.source,
            )
        return False
    if record is None:
        record = records[seen.decision] = DecisionRecord(seen.context.key, {})
        record.runs[seen.model] = seen
        return True
    record.runs.setdefault(seen.model, seen)
    return False


def merged(observations: Iterable[Observation]) -> list[DecisionRecord]:
    """The decisions of a log in the order in which they first appear."""
    records: dict[str, DecisionRecord] = {}
    for seen in observations:
        merge(records, seen)
    return list(records.values())


def refuse_without_propensities(records: Iterable[DecisionRecord]) -> None:
    """Raise InvalidInputError if a drawn run has no propensity above zero."""
    for record in records:
        for run in record.drawn():
            if not 0.0 < run.propensity <= 1.0:
                raise InvalidInputError(
                    f"decision {run.decision!r} has propensity {run.propensity:g}: without the "
                    "chance with which each arm was drawn no other policy can be estimated"
                )
