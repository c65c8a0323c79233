"""Right and wrong outcomes by regime, and what they make of each arm's chances."""

from math import asin, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.rolerl.cell_statistics import additive_prior, same_evidence
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
        self.priors, self.prior_weights = priors, prior_weights
        self.like = like
        shape = (roles, len(priors))
        self.right: list[Array] = []
        self.wrong: list[Array] = []
        self.visits: list[float] = []
        self.blends: list[Blend] = []
        self.moves: list[list[float]] = []
        self.all_right, self.all_wrong = np.zeros(shape), np.zeros(shape)
        self._stale = 0
        self.refresh()

    def __len__(self) -> int:
        return len(self.right)

    def grow(self, roles: int, priors: Array, prior_weights: Array) -> None:
        """Make room for more roles or arms."""
        self.priors, self.prior_weights = priors, prior_weights

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
        seen = self.all_right + self.all_wrong
        cell = additive_prior(self.all_right, seen, self.priors, self.prior_weights)
        overall = (self.all_right + cell * CELL_WEIGHT) / (seen + CELL_WEIGHT)
        rho = self.like.share
        self.own_weight = (1.0 - rho) / rho
        self.overall = overall
        known = (len(self.right), *seen.shape)
        right = np.array(self.right).reshape(known)
        total = right + np.array(self.wrong).reshape(known)
        among = (right / (total + 1.0)).sum(axis=0)
        regimes = (total / (total + 1.0)).sum(axis=0)
        share = (among + PRIOR_REGIMES * self.priors) / (regimes + PRIOR_REGIMES)
        self.expected_chance = rho * share + (1.0 - rho) * overall
        unseen = (among + FEW_REGIMES * self.priors) / (regimes + FEW_REGIMES)
        unseen = (1.0 - SURPRISE) * unseen + 0.5 * SURPRISE
        chances = (right + self.own_weight * self.expected_chance) / (total + self.own_weight)
        self.chances = np.concatenate((chances, unseen[None]))
        self.columns: list[list[list[float]]] = self.chances.transpose(1, 2, 0).tolist()
        self.overall_rows: list[list[float]] = overall.tolist()
        self._stale = 0

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

    def count(self, k: int, weight: float, role: int, arm: int, success: bool) -> None:
        """Put an outcome down to a regime."""
        right, wrong = self.right[k], self.wrong[k]
        fade = 1.0 - (1.0 - FORGETTING) * weight
        right[role] *= fade
        wrong[role] *= fade
        (right if success else wrong)[role, arm] += weight
        if self._stale >= STALE_OUTCOMES:
            return
        own = self.own_weight
        good = float(right[role, arm]) + own * float(self.expected_chance[role, arm])
        chance = good / (float(right[role, arm]) + float(wrong[role, arm]) + own)
        before = self.columns[role][arm][k]
        if abs(asin(sqrt(chance)) - asin(sqrt(min(max(before, 0.0), 1.0)))) > STALE_ANGLE:
            self._stale = STALE_OUTCOMES

    def own_share(self, k: int, role: int, arm: int) -> float:
        """Share of right outcomes of a cell in a regime it was counted for, drawn to nothing else.

        What is expected of other regimes would make a regime in which all outcomes of a cell are
        the same look like two that take turns.
        """
        right = float(self.right[k][role, arm])
        return right / (right + float(self.wrong[k][role, arm]))

    def count_all(self, role: int, arm: int, success: bool) -> None:
        """Count an outcome whatever its regime."""
        self.all_right[role] *= FORGETTING
        self.all_wrong[role] *= FORGETTING
        (self.all_right if success else self.all_wrong)[role, arm] += 1.0
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
        self.columns = self.chances.transpose(1, 2, 0).tolist()
        self.overall_rows = self.overall.tolist()
