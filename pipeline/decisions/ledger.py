"""Where every cent went: what a reward event says was paid, by model and purpose."""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from schemas.rewards import RewardEvent, RunKind
from schemas.roles import Role


class Purpose(StrEnum):
    """What money was spent on."""

    KEPT = "kept"
    NOT_KEPT = "not_kept"
    REPAIR = "repair"
    JUDGMENT = "judgment"
    EXPLORATION = "exploration"


class Entry(NamedTuple):
    """`usd` paid to `model`: the arm that was run, or the judge that was asked."""

    domain: str
    role: Role
    model: str
    purpose: Purpose
    usd: float


def entries(event: RewardEvent) -> tuple[Entry, ...]:
    """The entries of one event; their sum is its `cost_usd` and `judge_cost_usd`.

    The second call of a run is a repair; the first one counts as kept if the run's answer was
    delivered, as exploration if it was a challenger's that was not, else as not kept. A late event
    pays nothing.
    """
    if event.late:
        return ()
    repair = min(event.repair_cost_usd, event.cost_usd)
    if event.kept:
        purpose = Purpose.KEPT
    elif event.kind in (RunKind.CHALLENGER, RunKind.SHADOW):
        purpose = Purpose.EXPLORATION
    else:
        purpose = Purpose.NOT_KEPT
    paid = [(event.model, purpose, event.cost_usd - repair), (event.model, Purpose.REPAIR, repair)]
    paid += [(verdict.judge, Purpose.JUDGMENT, verdict.cost_usd) for verdict in event.verdicts]
    return tuple(
        Entry(event.domain, event.role, model, purpose, usd) for model, purpose, usd in paid if usd
    )


def identity(event: RewardEvent) -> str:
    """The same for an event that is sent twice, after a crash say; it counts once."""
    return "|".join((event.decision_id, event.model, str(event.late), str(event.quality_source)))


def totals(events: Iterable[RewardEvent]) -> dict[tuple[str, Role, str, Purpose], float]:
    """Dollars by (domain, role, model, purpose); repeated events count once."""
    seen: set[str] = set()
    sums: dict[tuple[str, Role, str, Purpose], float] = {}
    for event in events:
        if identity(event) in seen:
            continue
        seen.add(identity(event))
        for entry in entries(event):
            sums[entry[:4]] = sums.get(entry[:4], 0.0) + entry.usd
    return sums
