"""Right and wrong outcomes by regime, and what they make of each arm's chances."""

from math import asin, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.rolerl.cell_statistics import AdditivePrior, same_evidence
from pipeline.rolerl.likeness import Blend, Likeness

Array = NDArray[np.float64]

MOST_REGIMES = 8
FORGETTING = 0.9985
"""Weight of the past after each known outcome of a role in its regime: some 700 outcomes."""
CELL_WEIGHT = 30.0
"""Outcomes that role and arm together foretell of a cell, before any of its own."""
PRIOR_REGIMES = 2.0
"""How many regimes the prior of an arm is worth where regimes matter."""
FEW_REGIMES, SURPRISE = 0.5, 0.15
"""A regime never seen is like the known ones where they agree, but for one cell in seven."""
MERGE_EVIDENCE = -0.1
CRISP, CRISP_EVIDENCE, CRISP_VISITS = 0.3, 3.0, 40.0
"""Two regimes become one unless something speaks against it (a log Bayes factor; if nothing was
seen of both it is zero). Where neighbouring outcomes are more alike than 0.3, so that regimes are
real, it takes a factor of twenty, and both must have been seen for forty windows: two that differ
where nobody has looked yet are not the same."""
STALE_ANGLE, STALE_OUTCOMES = 0.02, 20
"""Chances are worked out anew once one has moved by this on the arc-sine scale, or after so many
outcomes."""


class RegimeTable:
    """Arrays are indexed (regime, role, arm); the last of `chances` is of a regime never seen."""

    def __init__(self, roles: int, priors: Array, prior_weights: Array, like: Likeness) -> None:
        self.like = like
        shape = (roles, len(priors))
        self.right: list[Array] = []
        self.wrong: list[Array] = []
        self.visits: list[float] = []
        self.blends: list[Blend] = []
        self.moves: list[list[float]] = []
        self.all_right, self.all_wrong = np.zeros(shape), np.zeros(shape)
        self._take_priors(priors, prior_weights)
        self.refresh()

    def _take_priors(self, priors: Array, prior_weights: Array) -> None:
        self.priors, self.prior_weights = priors, prior_weights
        self._prior = AdditivePrior(priors, prior_weights)
        self._by_regimes, self._by_few = PRIOR_REGIMES * priors, FEW_REGIMES * priors

    def __len__(self) -> int:
        return len(self.right)

    def grow(self, roles: int, priors: Array, prior_weights: Array) -> None:
        """Make room for more roles or arms."""
        self._take_priors(priors, prior_weights)

        def wide(old: Array) -> Array:
            new = np.zeros((roles, len(priors)))
            new[: old.shape[0], : old.shape[1]] = old
            return new

        self.all_right, self.all_wrong = wide(self.all_right), wide(self.all_wrong)
        self.right = [wide(a) for a in self.right]
        self.wrong = [wide(a) for a in self.wrong]
        self.refresh()

    def refresh(self) -> None:
        """Work out the chances of success anew from the counts.

        A cell of a regime is shrunk with the weight of (1 - rho) / rho outcomes, rho being the
        likeness: towards what is seen over all outcomes if regimes hardly matter, towards the share
        of regimes in which the arm is right if they do.
        """
        all_right = self.all_right
        seen = all_right + self.all_wrong
        overall = all_right + self._prior.chances(all_right, seen) * CELL_WEIGHT
        overall /= seen + CELL_WEIGHT
        rho = self.like.share
        self.own_weight = own = (1.0 - rho) / rho
        known = (len(self.right), *seen.shape)
        right = np.array(self.right).reshape(known)
        total = right + np.array(self.wrong).reshape(known)
        weighed = total + 1.0
        among = np.add.reduce(right / weighed, axis=0)
        regimes = np.add.reduce(total / weighed, axis=0)
        share = (among + self._by_regimes) / (regimes + PRIOR_REGIMES)
        self.expected_chance = expected = rho * share + (1.0 - rho) * overall
        unseen = (among + self._by_few) / (regimes + FEW_REGIMES)
        self.chances = np.empty((known[0] + 1, *seen.shape))
        np.divide(right + own * expected, total + own, out=self.chances[:-1])
        np.add((1.0 - SURPRISE) * unseen, 0.5 * SURPRISE, out=self.chances[-1])
        self.overall = overall
        self._list()
        self._stale = 0

    def _list(self) -> None:
        self.rows: list[list[list[float]]] = self.chances.tolist()
        self.overall_rows: list[list[float]] = self.overall.tolist()

    def column(self, role: int, arm: int) -> list[float]:
        """The arm's chance in each regime, the one never seen last."""
        return [regime[role][arm] for regime in self.rows]

    def refresh_if_stale(self) -> bool:
        """`refresh` if enough was learnt since the last one; returns whether it was done."""
        if self._stale >= STALE_OUTCOMES:
            self.refresh()
            return True
        return False

    def fade(self, k: int, factor: float) -> None:
        """Let what is known of a regime count for less."""
        self.right[k] *= factor
        self.wrong[k] *= factor

    def count(self, k: int, weight: float, role: int, arm: int, success: bool) -> float:
        """Put an outcome down to a regime; returns the share of right ones of the cell there.

        That share is drawn to nothing else: what is expected of other regimes would make a regime
        in which all outcomes of a cell are the same look like two that take turns.
        """
        rights, wrongs = self.right[k][role], self.wrong[k][role]
        fade = 1.0 - (1.0 - FORGETTING) * weight
        rights *= fade
        wrongs *= fade
        (rights if success else wrongs)[arm] += weight
        right = rights.item(arm)
        counted = right + wrongs.item(arm)
        if self._stale < STALE_OUTCOMES:
            good = right + self.own_weight * self.expected_chance.item(role, arm)
            chance, before = good / (counted + self.own_weight), self.rows[k][role][arm]
            if abs(asin(sqrt(chance)) - asin(sqrt(min(max(before, 0.0), 1.0)))) > STALE_ANGLE:
                self._stale = STALE_OUTCOMES
        return right / counted if counted else 0.0

    def count_all(self, role: int, arm: int, success: bool) -> None:
        """Count an outcome whatever its regime."""
        right, wrong = self.all_right[role], self.all_wrong[role]
        right *= FORGETTING
        wrong *= FORGETTING
        (right if success else wrong)[arm] += 1.0
        self._stale += 1

    def must_refresh(self) -> None:
        """What was learnt is worth a `refresh` at the next occasion."""
        self._stale = STALE_OUTCOMES

    def add(self) -> int:
        """A regime of which nothing is known yet; there must be room."""
        shape = self.all_right.shape
        self.right.append(np.zeros(shape))
        self.wrong.append(np.zeros(shape))
        self.visits.append(0.0)
        self.blends.append(Blend())
        for moves in self.moves:
            moves.append(0.0)
        self.moves.append([0.0] * len(self.right))
        return len(self.right) - 1

    def clear(self, k: int) -> None:
        """Forget a regime; its place stays."""
        self.right[k] = np.zeros_like(self.right[k])
        self.wrong[k] = np.zeros_like(self.wrong[k])
        self.visits[k] = 0.0
        self.blends[k] = Blend()
        self.moves[k] = [0.0] * len(self.right)
        for moves in self.moves:
            moves[k] = 0.0

    def same_pair(self) -> tuple[int, int] | None:
        """The two regimes that are most surely the same, if any are; the first is to be kept."""
        count = len(self.right)
        right = self.own_weight * self.expected_chance
        wrong = self.own_weight - right
        crisp = self.like.share > CRISP and not self.like.is_noise
        best, pair = CRISP_EVIDENCE if crisp else MERGE_EVIDENCE, None
        if self.like.is_noise:
            best = -np.inf
        for i in range(count):
            for j in range(i + 1, count):
                if crisp and min(self.visits[i], self.visits[j]) < CRISP_VISITS:
                    continue
                evidence = same_evidence(
                    (self.right[i], self.wrong[i]), (self.right[j], self.wrong[j]), right, wrong
                )
                if evidence > best:
                    best, pair = evidence, (i, j)
        return pair

    def merge(self, keep: int, drop: int) -> None:
        """Put two regimes together; those after `drop` move up."""
        self.right[keep] = self.right[keep] + self.right.pop(drop)
        self.wrong[keep] = self.wrong[keep] + self.wrong.pop(drop)
        self.visits[keep] += self.visits.pop(drop)
        self.blends.pop(drop)
        gone = self.moves.pop(drop)
        self.moves[keep] = [a + b for a, b in zip(self.moves[keep], gone, strict=True)]
        for moves in self.moves:
            moved = moves.pop(drop)
            moves[keep if keep < drop else keep - 1] += moved
        self.moves[keep][keep] = 0.0

    def state(self) -> dict[str, Any]:
        """Everything as JSON values."""
        return {
            "right": [a.tolist() for a in self.right],
            "wrong": [a.tolist() for a in self.wrong],
            "visits": self.visits,
            "blends": [blend.state() for blend in self.blends],
            "moves": self.moves,
            "all": [self.all_right.tolist(), self.all_wrong.tolist()],
            "chances": [self.chances.tolist(), self.overall.tolist()],
            "expected": [self.expected_chance.tolist(), self.own_weight, self._stale],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """The inverse of `state`."""
        self.right = [np.array(a) for a in state["right"]]
        self.wrong = [np.array(a) for a in state["wrong"]]
        self.visits = state["visits"]
        self.blends = [Blend.of(cells) for cells in state["blends"]]
        self.moves = state["moves"]
        self.all_right, self.all_wrong = (np.array(a) for a in state["all"])
        self.chances, self.overall = (np.array(a) for a in state["chances"])
        expected, self.own_weight, self._stale = state["expected"]
        self.expected_chance = np.array(expected)
        self._list()
