"""A plan made ready to be drawn from many times: what all its draws share is worked out once."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from random import Random

from pipeline.rolerl.draw import CERTAIN, is_certain, picked, run_of
from pipeline.rolerl.policy import Decision, Plan, Run, Share

_SLICED = 8
"""Up to so many arms are taken out of the fallbacks one by one; a sweep may have more."""
_CLOSE = 1e-9
"""Sums of probabilities are known this well: a point nearer to one is placed as `draw` does it."""


class Lot:
    """Draws from a plan what `draw` does, with the same numbers of the generator.

    As fallbacks a decision gets the plan's and behind them `behind`, without what runs at once. If
    not `ready`, as its fallbacks' judging is left to chance or an arm comes twice, use `draw`.
    """

    def __init__(self, plan: Plan, behind: Sequence[Run] = ()) -> None:
        self.plan = plan
        self.certain = is_certain(plan)
        names = [share.model for share in plan.mix]
        fallbacks = [share.model for share in plan.fallbacks]
        self.ready = (
            {share.judge_rate for share in plan.fallbacks} <= CERTAIN
            and len(set(names)) == len(names)
            and len(set(fallbacks)) == len(fallbacks)
            and plan.primary in names
        )
        if not self.ready:
            return
        self._primary = plan.mix[names.index(plan.primary)]
        self._others = tuple(share for share in plan.mix if share is not self._primary)
        self._sums = list(accumulate(share.probability for share in plan.mix))
        runs = [Run(share.model, share.judge_rate >= 1.0) for share in plan.fallbacks]
        self._order = tuple({run.model: run for run in (*runs, *behind)}.values())
        self._place = {run.model: place for place, run in enumerate(self._order)}

    def draw(self, rng: Random) -> Decision:
        """One decision, at a cost that hardly grows with the arms."""
        primary = self._primary
        if self.plan.sweep:
            others = tuple([run_of(share, rng) for share in self._others])
            first, propensity, beside = run_of(primary, rng), 1.0, others
        else:
            drawn = self._picked(rng)
            propensity, beside = drawn.probability, ()
            if drawn is primary or not self.plan.side_by_side:
                first = run_of(drawn, rng)
            else:
                first = run_of(primary, rng)
                beside = (run_of(drawn, rng),)
        return Decision(first, propensity, beside, self._without((first, *beside)))

    def _picked(self, rng: Random) -> Share:
        mix, sums = self.plan.mix, self._sums
        if len(mix) == 1:
            return mix[0]
        point = rng.random()
        place = bisect_right(sums, point)
        near = sums[max(place - 1, 0) : place + 1]
        if min(abs(point - edge) for edge in near) < _CLOSE:
            return picked(mix, point)
        return mix[min(place, len(mix) - 1)]

    def _without(self, running: Sequence[Run]) -> tuple[Run, ...]:
        order, place = self._order, self._place
        if len(running) > _SLICED:
            taken = {run.model for run in running}
            return tuple([run for run in order if run.model not in taken])
        places = sorted([place[run.model] for run in running if run.model in place], reverse=True)
        for at in places:
            order = order[:at] + order[at + 1 :]
        return order
