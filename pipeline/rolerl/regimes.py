"""Hidden kinds of text: which arms succeed together, and which kind the present windows are of.

A mixture over regimes with sticky transitions. In each regime every (role, arm) has its own chance
of success, shrunk towards the chance over all regimes; how strongly is learnt from how often the
same cell disagrees with itself within a short time. A regime that fits nothing known is made new,
two that cannot be told apart become one, and one that turns out to be two is forgotten.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from operator import mul
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.rolerl.hazard import Hazard
from pipeline.rolerl.likeness import Likeness
from pipeline.rolerl.newcomer import Newcomer
from pipeline.rolerl.regime_table import MOST_REGIMES, RegimeTable
from pipeline.rolerl.stay import Stay

Array = NDArray[np.float64]

VISIT_FORGETTING = 1.0 - 1.0 / 2000.0
"""Weight of the past after each window of a regime, so that what was ruled out long ago is tried
again."""
SURE = 0.9
"""Belief from which a window's regime counts as recognised and its outcomes are put down to it: a
doubtful window would teach a regime what is true of another."""
LEAST_NEWNESS, LEAST_RETURN = 0.02, 0.1
MOVES_MEMORY = 0.9
"""After n changes the next leads to a regime never seen with chance 1 / (1 + n), but no less than
one in fifty. Else, while the text changes fast, to where the last ten or so changes from there led
(it goes to and fro), and while it changes slowly, to any regime in proportion to its visits and a
tenth of all visits: what was seen once is likelier to return than something unheard of to come."""
MERGE_OFTEN, MERGE_SELDOM, SETTLED = 10, 50, 300
"""Whether two regimes are one is asked every ten windows with news, after the first three hundred
every fifty."""


@dataclass(slots=True)
class Evidence:
    """Known outcomes of one window: (role, arm, success) as indices."""

    window: str = ""
    number: int = 0
    outcomes: list[tuple[int, int, bool]] = field(default_factory=list)


class Regimes:
    """The belief over the regimes of one domain; its last entry stands for one never seen."""

    def __init__(self, roles: int, priors: Array, prior_weights: Array) -> None:
        self.like = Likeness()
        self.table = RegimeTable(roles, priors, prior_weights, self.like)
        self.belief: list[float] = [1.0]
        self.hazard = Hazard()
        self.evidence = Evidence()
        self.last_known: tuple[int, int] | None = None
        self.learnt = 0
        self.taught = 0
        self.changes, self._newness = 0, 1.0
        self.newcomer = Newcomer()
        self.expected = self.belief
        self.changed_at = 0
        self.stay = Stay()
        self.refreshed = 0
        self._returns: list[float] = []
        self._all_returns = 0.0

    def grow(self, roles: int, priors: Array, prior_weights: Array) -> None:
        """Make room for more roles or arms."""
        self.table.grow(roles, priors, prior_weights)
        self.refreshed += 1

    def begin(self, window: str) -> None:
        """A new window: learn from the last one, then expect what may have changed since."""
        if self.evidence.outcomes:
            self._learn()
        self.evidence = Evidence(window, self.evidence.number + 1, [])
        self.belief = self.expected = self.ahead(self.belief)

    def ahead(self, belief: list[float]) -> list[float]:
        """The belief one window later."""
        table = self.table
        known = len(table)
        if known == 0:
            return belief
        rate, fast = self.hazard.rate, self.hazard.fast_share
        newness = self._newness
        visits, all_visits = self._returns, self._all_returns
        ahead = [(1.0 - rate) * b for b in belief]
        for k, b in enumerate(belief):
            leaving = rate * b
            if leaving < 1e-9:
                continue
            ahead[known] += leaving * newness
            leaving *= 1.0 - newness
            if k == known:
                slow = leaving / (all_visits + 1e-9)
                for j, come in enumerate(visits):
                    ahead[j] += slow * come
                continue
            moves = table.moves[k]
            recent = sum(moves)
            quick = leaving * fast * recent / (recent + 1.0)
            slow = (leaving - quick) / (all_visits - visits[k] + 1e-9)
            for j, come in enumerate(visits):
                if j != k:
                    ahead[j] += slow * come
                    if recent > 0.0:
                        ahead[j] += quick * moves[j] / recent
        total = sum(ahead)
        return [b / total for b in ahead]

    def see(self, role: int, arm: int, success: bool) -> None:
        """A known outcome of the present window."""
        self.evidence.outcomes.append((role, arm, success))
        table, belief = self.table, self.belief[:]
        total = 0.0
        for k, chances in enumerate(table.rows):
            chance = chances[role][arm]
            belief[k] *= chance if success else 1.0 - chance
            total += belief[k]
        if total > 0.0:
            self.belief = [b / total for b in belief]
        overall = table.overall_rows[role][arm]
        self.like.compare((role, arm), self.evidence.number, success, overall)

    def chance(self, role: int, arm: int) -> float:
        """Chance that the arm's answer is right in the present window, as far as it is known."""
        chances: Iterable[float] = map(mul, self.belief, self.table.column(role, arm))
        return sum(chances)

    def see_late(self, role: int, arm: int, success: bool) -> None:
        """A known outcome of a window gone by: it counts for the regimes as often as they come."""
        table = self.table
        total = sum(table.visits)
        for k, visits in enumerate(table.visits):
            table.count(k, visits / total if total > 0.0 else 0.0, role, arm, success)
        table.count_all(role, arm, success)
        table.refresh()
        self.refreshed += 1

    def _refresh(self) -> None:
        if self.table.refresh_if_stale():
            self.refreshed += 1

    def _learn(self) -> None:
        outcomes = self.evidence.outcomes
        table = self.table
        is_new = self._is_new()
        best = self._make_new() if is_new else self._likeliest()
        number = self.evidence.number
        gap, self.taught = number - self.taught, number
        table.visits = [
            v * 0.9999 + b * gap for v, b in zip(table.visits, self.belief, strict=False)
        ]
        recognised = best < len(table) and self.belief[best] > SURE
        if is_new or recognised:
            table.fade(best, VISIT_FORGETTING**gap)
            blend, likeness, rate = table.blends[best], self.like.share, self.hazard.rate
            for role, arm, success in outcomes:
                news = self.stay.news(role, arm, likeness)
                share = table.count(best, news, role, arm, success)
                blend.add((role, arm), number, success, share, rate)
        for role, arm, success in outcomes:
            table.count_all(role, arm, success)
        if recognised:
            self._recognise(best)
            if len(table) < MOST_REGIMES and table.blends[best].found:
                self._dissolve(best)
        self.learnt += 1
        if self.learnt % (MERGE_OFTEN if self.learnt < SETTLED else MERGE_SELDOM) == 0:
            self._merge()
        self._weigh_returns()
        self._refresh()

    def _weigh_returns(self) -> None:
        visits = self.table.visits
        least = LEAST_RETURN * sum(visits)
        self._returns = [v + least for v in visits]
        self._all_returns = sum(self._returns)

    def _count_changes(self, changes: int) -> None:
        self.changes, self._newness = changes, max(1.0 / (1.0 + changes), LEAST_NEWNESS)

    def _is_new(self) -> bool:
        """Weigh the window against a kind never seen, whose belief follows from it."""
        table = self.table
        if not len(table):
            return True
        is_new = self.newcomer.weigh(
            self.evidence.outcomes,
            self.expected,
            table.column,
            table.own_weight,
            self.hazard.rate * self._newness,
        )
        chance = self.newcomer.chance
        belief = self.belief[:-1]
        known, left = sum(belief), 1.0 - chance
        if known > 0.0:
            self.belief = [b * left / known for b in belief]
            self.belief.append(chance)
        return is_new

    def _likeliest(self) -> int:
        return self.belief.index(max(self.belief))

    def _recognise(self, regime: int) -> None:
        number = self.evidence.number
        if self.last_known is not None:
            before, then = self.last_known
            if number > then:
                self.hazard.observe(before != regime, number - then)
            if before != regime:
                self.stay.begin()
                self._count_changes(self.changes + 1)
                self.changed_at = number
                moves = self.table.moves
                moves[before] = [MOVES_MEMORY * m for m in moves[before]]
                moves[before][regime] += 1.0
        self.last_known = (regime, number)

    def _make_new(self) -> int:
        table = self.table
        self.newcomer.settle()
        table.must_refresh()
        if len(table) < MOST_REGIMES:
            self.belief.append(0.0)
            return table.add()
        rarest = min(range(MOST_REGIMES), key=table.visits.__getitem__)
        table.clear(rarest)
        self.belief[rarest] = self.belief[-1]
        self.belief[-1] = 0.0
        if self.last_known is not None and self.last_known[0] == rarest:
            self.last_known = None
        return rarest

    def _dissolve(self, regime: int) -> None:
        """Forget a regime that is two in one; this window and those like it make a new one."""
        table = self.table
        table.clear(regime)
        for role, arm, success in self.evidence.outcomes:
            table.count(regime, 1.0, role, arm, success)
        table.visits[regime] = 1.0
        self.stay.begin()
        table.must_refresh()

    def _merge(self) -> None:
        pair = self.table.same_pair()
        if pair is None:
            return
        keep, drop = pair
        self.table.merge(keep, drop)
        self.table.must_refresh()
        self.belief[keep] += self.belief.pop(drop)
        if self.last_known is not None:
            regime, number = self.last_known
            self.last_known = (keep if regime == drop else regime - (regime > drop), number)

    def state(self) -> dict[str, Any]:
        """Everything as JSON values."""
        return {
            "table": self.table.state(),
            "like": self.like.state(),
            "belief": self.belief,
            "hazard": self.hazard.weights,
            "evidence": [self.evidence.window, self.evidence.number, self.evidence.outcomes],
            "last_known": self.last_known,
            "stay": self.stay.state(),
            "newcomer": self.newcomer.state(),
            "expected": self.expected,
            "learnt": [self.learnt, self.taught, self.changes, self.changed_at],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """The inverse of `state`."""
        self.like.restore(state["like"])
        self.table.restore(state["table"])
        self.belief = state["belief"]
        self.hazard.weights = state["hazard"]
        window, number, outcomes = state["evidence"]
        self.evidence = Evidence(window, number, [(r, a, s) for r, a, s in outcomes])
        last = state["last_known"]
        self.last_known = None if last is None else (last[0], last[1])
        self.stay.restore(state["stay"])
        self.newcomer.restore(state["newcomer"])
        self.expected = state["expected"]
        self.learnt, self.taught, changes, self.changed_at = state["learnt"]
        self._count_changes(changes)
        self._weigh_returns()
        self.refreshed += 1
