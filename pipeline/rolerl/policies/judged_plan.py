"""The default policy's plan where a judge can be asked: the ladder of least expected loss."""

import numpy as np
from numpy.typing import NDArray

from pipeline.rolerl.domain_model import CHECKUP_LATEST, DomainModel
from pipeline.rolerl.ladder import Rung, build_ladder
from pipeline.rolerl.offer import Offer, Prospects
from pipeline.rolerl.policy import Plan, Share

Array = NDArray[np.float64]


def judged_plan(
    model: DomainModel, offer: Offer, prospects: Prospects, weights: Array, checkup: bool
) -> Plan:
    """The plan of one role under the belief `weights` (K,).

    Arms that are in no rung stand by, best first, in case the last answer fails its free checks.
    """
    always, later = model.presence, [0.0] * len(model.presence)
    for role in model.undecided:
        if role != offer.role:
            later[role] = max(0.0, always[offer.role] + always[role] - 1.0)
    told_out = model.regimes.stay.told_out.get(offer.role, 0)
    bonus = offer.bonus(weights, prospects, np.array(later), np.array(always), told_out)
    kept = offer.kept.tolist()
    rungs = tuple(
        [Rung(kept[rung.arm], rung.judge) for rung in build_ladder(weights, offer.market, bonus)]
    )
    if checkup:
        rungs = _with_checkup(rungs, offer)
    first = rungs[0]
    names = [model.names[a] for a in offer.arms]
    rest = [Share(names[arm], 1.0, float(judge)) for arm, judge in rungs[1:]]
    right = weights @ offer.chances
    if not rungs[-1].judge:
        used = {rung.arm for rung in rungs}
        order = np.argsort(offer.costs - offer.value * right, kind="stable").tolist()
        rest += [Share(names[i], 1.0, 0.0) for i in order if i not in used]
    name = names[first.arm]
    return Plan(
        primary=name,
        mix=(Share(name, 1.0, float(first.judge)),),
        fallbacks=tuple(rest),
        reason=f"{name} is right with {right.item(first.arm):.1%} "
        f"at ${offer.costs.item(first.arm) / offer.price:.6f} a run"
        + ("; judged, as that is worth more than it costs" if first.judge else ""),
    )


def _with_checkup(rungs: tuple[Rung, ...], offer: Offer) -> tuple[Rung, ...]:
    """First the cheapest arm, judged, if what it could save until the next check-up pays."""
    costs = offer.costs
    cheapest = int(costs.argmin())
    saving = float(costs[rungs[0].arm] - costs[cheapest])
    if saving * CHECKUP_LATEST <= offer.judge + costs[cheapest]:
        return rungs
    rest = tuple(rung for rung in rungs if rung.arm != cheapest)
    return (Rung(cheapest, True), *rest)
