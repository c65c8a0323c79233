"""Hidden kinds of text: which arms succeed together, and which kind the present windows are of.

A mixture over regimes with sticky transitions. In each regime every (role, arm) has its own chance
of success, shrunk towards the chance over all regimes; how strongly is learnt from how often the
same cell disagrees with itself within a short time. A regime that fits nothing known is made new.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.rolerl.cell_statistics import additive_prior, same_evidence
from pipeline.rolerl.hazard import Hazard

Array = NDArray[np.float64]

MOST_REGIMES = 8
FORGETTING = 0.9985
"""Weight of the past after each known outcome of a role in its regime: some 700 outcomes."""
VISIT_FORGETTING = 1.0 - 1.0 / 2000.0
"""And after each window of the regime, so that what was ruled out long ago is tried again."""
SURE = 0.9
"""Belief from which a window's regime counts as recognised and its outcomes are put down to it: a
doubtful window would teach a regime what is true of another."""
LEAST_NEWNESS = 0.02
MOVES_MEMORY = 0.9
"""After n changes the next leads to a regime never seen with chance 1 / (1 + n), but no less than
one in fifty. Else, while the text changes fast, to where the last ten or so changes from there led
(it goes to and fro), and while it changes slowly, to any regime in proportion to its visits."""
STAY = 0.25
"""Outcomes of a stay share this part of the likeness of neighbours beyond what the regime explains:
a stay tells at most about four outcomes' worth of a cell."""
CLOSE_WINDOWS = 5
"""Outcomes of the same cell at most so many windows apart tell how noisy a cell is."""
CELL_WEIGHT = 24.0
"""Outcomes that role and arm together foretell of a cell, before any of its own."""
PRIOR_REGIMES = 2.0
"""How many regimes the prior of an arm is worth where regimes matter."""
FEW_REGIMES, SURPRISE = 0.5, 0.15
"""A regime never seen is like the known ones where they agree, but for one cell in seven."""
MERGE_EVERY = 10
MERGE_EVIDENCE = -0.1
"""Every ten windows with news two regimes become one unless something speaks against it (a log
Bayes factor; if nothing was seen of both it is zero)."""
CONTRADICTION = 0.05
"""A window is strange if in every known regime it would be a twentieth as likely as what was to be
expected; strange windows in a row make a new regime once that comes to the square of it, so that
one stray failure does not."""
PAIRS, PAIR_MEMORY = 2.0, 0.995
"""Pseudo-count of such pairs at the start, half of the expected disagreement; and what of them is
kept after each pair."""
LONG_PAIRS, LONG_MEMORY, NOISE = 40.0, 0.9995, 0.1
"""Over some two thousand pairs: if neighbours are no more alike than this, regimes are patterns in
noise and become one."""


@dataclass(slots=True)
class Evidence:
    """Known outcomes of one window: (role, arm, success) as indices."""

    window: str = ""
    number: int = 0
    outcomes: list[tuple[int, int, bool]] = field(default_factory=list)


class Regimes:
    """The regimes of one domain; arrays are indexed (regime, role, arm).

    The last regime of `belief` and `chances` stands for one never seen.
    """

    def __init__(self, roles: int, priors: Array, prior_weights: Array) -> None:
        self.priors = priors
        self.prior_weights = prior_weights
        shape = (roles, len(priors))
        self.right: list[Array] = []
        self.wrong: list[Array] = []
        self.visits: list[float] = []
        self.all_right = np.zeros(shape)
        self.all_wrong = np.zeros(shape)
        self.moves: list[list[float]] = []
        self.belief: list[float] = [1.0]
        self.hazard = Hazard()
        self.evidence = Evidence()
        self.last_known: tuple[int, int] | None = None
        self.last_outcome: dict[tuple[int, int], tuple[int, bool]] = {}
        self.disagreed, self.expected = 0.5 * PAIRS * 0.5, PAIRS * 0.5
        self.learnt = 0
        self.taught = 0
        self.changes = 0
        self.doubt = 1.0
        self.long_pairs = [0.25 * LONG_PAIRS, 0.5 * LONG_PAIRS]
        self.changed_at = 0
        self.stay: dict[tuple[int, int], int] = {}
        self.chances = np.zeros((1, *shape))
        self.refresh()

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

    @property
    def likeness(self) -> float:
        """Correlation of the outcomes of a cell within a short time, 0.01..0.95."""
        return min(max(1.0 - self.disagreed / self.expected, 0.01), 0.95)

    def _is_noise(self) -> bool:
        """Whether neighbouring outcomes of a cell are, in the long run, not alike."""
        return 1.0 - self.long_pairs[0] / self.long_pairs[1] < NOISE

    def refresh(self) -> None:
        """Work out the chances of success anew from the counts.

        A cell of a regime is shrunk with the weight of (1 - rho) / rho outcomes, rho being the
        likeness: towards what is seen over all outcomes if regimes hardly matter, towards the share
        of regimes in which the arm is right if they do.
        """
        seen = self.all_right + self.all_wrong
        cell = additive_prior(self.all_right, seen, self.priors, self.prior_weights)
        overall = (self.all_right + cell * CELL_WEIGHT) / (seen + CELL_WEIGHT)
        rho = self.likeness
        self.own_weight = (1.0 - rho) / rho
        among, regimes = np.zeros_like(seen), np.zeros_like(seen)
        for right, wrong in zip(self.right, self.wrong, strict=True):
            among += right / (right + wrong + 1.0)
            regimes += (right + wrong) / (right + wrong + 1.0)
        self.overall = overall
        share = (among + PRIOR_REGIMES * self.priors) / (regimes + PRIOR_REGIMES)
        self.expected_chance = rho * share + (1.0 - rho) * overall
        unseen = (among + FEW_REGIMES * self.priors) / (regimes + FEW_REGIMES)
        unseen = (1.0 - SURPRISE) * unseen + 0.5 * SURPRISE
        weighted = self.own_weight * self.expected_chance
        known = [
            (right + weighted) / (right + wrong + self.own_weight)
            for right, wrong in zip(self.right, self.wrong, strict=True)
        ]
        self.chances = np.array([*known, unseen])
        self._columns: list[list[list[float]]] = self.chances.transpose(1, 2, 0).tolist()
        self._overall: list[list[float]] = overall.tolist()

    def outcome_counts(self) -> Array:
        """Outcomes that `overall` rests on, prior included, by (role, arm)."""
        return np.asarray(self.all_right + self.all_wrong + CELL_WEIGHT)

    def begin(self, window: str) -> None:
        """A new window: learn from the last one, then expect what may have changed since."""
        self._learn()
        self.evidence = Evidence(window, self.evidence.number + 1)
        self.belief = self.ahead(self.belief)

    def ahead(self, belief: list[float]) -> list[float]:
        """The belief one window later."""
        known = len(self.right)
        if known == 0:
            return belief
        rate = self.hazard.rate
        fast = self.hazard.fast_share
        newness = max(1.0 / (1.0 + self.changes), LEAST_NEWNESS)
        ahead = [(1.0 - rate) * b for b in belief]
        for k in range(known + 1):
            leaving = rate * belief[k]
            if leaving < 1e-9:
                continue
            ahead[known] += leaving * newness
            leaving *= 1.0 - newness
            recent = sum(self.moves[k]) if k < known else 0.0
            quick = leaving * fast * recent / (recent + 1.0)
            others = sum(self.visits) - (self.visits[k] if k < known else 0.0) + 1e-9
            for j in range(known):
                if j != k:
                    ahead[j] += (leaving - quick) * self.visits[j] / others
                    if recent > 0.0:
                        ahead[j] += quick * self.moves[k][j] / recent
        total = sum(ahead)
        return [b / total for b in ahead]

    def see(self, role: int, arm: int, success: bool) -> None:
        """A known outcome of the present window."""
        self.evidence.outcomes.append((role, arm, success))
        column = self._columns[role][arm]
        if success:
            belief = [b * p for b, p in zip(self.belief, column, strict=True)]
        else:
            belief = [b * (1.0 - p) for b, p in zip(self.belief, column, strict=True)]
        total = sum(belief)
        if total > 0.0:
            self.belief = [b / total for b in belief]
        self._compare(role, arm, success)

    def see_late(self, role: int, arm: int, success: bool) -> None:
        """A known outcome of a window gone by: it counts for the regimes as often as they come."""
        total = sum(self.visits)
        for k, visits in enumerate(self.visits):
            self._count(k, visits / total, role, arm, success)
        self._count_all(role, arm, success)
        self.refresh()

    def _compare(self, role: int, arm: int, success: bool) -> None:
        cell, number = (role, arm), self.evidence.number
        before = self.last_outcome.get(cell)
        self.last_outcome[cell] = (number, success)
        if before is None or not 0 < number - before[0] <= CLOSE_WINDOWS:
            return
        chance = self._overall[role][arm]
        self.disagreed = PAIR_MEMORY * self.disagreed + (before[1] != success)
        self.expected = PAIR_MEMORY * self.expected + 2.0 * chance * (1.0 - chance)
        long = self.long_pairs
        long[0] = LONG_MEMORY * long[0] + (before[1] != success)
        long[1] = LONG_MEMORY * long[1] + 2.0 * chance * (1.0 - chance)
        self.expected = max(self.expected, self.disagreed, 1e-6)

    def _learn(self) -> None:
        outcomes = self.evidence.outcomes
        if not outcomes:
            return
        fit = self._best_fit()
        self.doubt = self.doubt * fit if fit <= CONTRADICTION else 1.0
        if fit > CONTRADICTION:
            self._trust_the_known()
        best = max(range(len(self.belief)), key=self.belief.__getitem__)
        is_new = best == len(self.right) and (best == 0 or self.doubt <= CONTRADICTION**2)
        if is_new:
            best = self._make_new()
        gap, self.taught = self.evidence.number - self.taught, self.evidence.number
        for k, b in enumerate(self.belief[:-1]):
            self.visits[k] = self.visits[k] * 0.9999 + b * gap
        if is_new or (best < len(self.right) and self.belief[best] > SURE):
            fade = VISIT_FORGETTING**gap
            self.right[best] *= fade
            self.wrong[best] *= fade
            for role, arm, success in outcomes:
                self._count(best, self._news(role, arm), role, arm, success)
        for role, arm, success in outcomes:
            self._count_all(role, arm, success)
        if best < len(self.right) and self.belief[best] > SURE:
            self._recognise(best)
        self.learnt += 1
        if self.learnt % MERGE_EVERY == 0:
            self._merge()
        self.refresh()

    def _news(self, role: int, arm: int) -> float:
        """How much one more outcome of a cell adds within one stay in a regime.

        n outcomes that are alike by r are worth n / (1 + (n - 1) r) independent ones (Kish's design
        effect); if the stay was put down to the wrong regime they are all wrong together.
        """
        cell = (role, arm)
        before = self.stay.get(cell, 0)
        self.stay[cell] = before + 1
        alike = self.likeness * STAY
        worth = (before + 1) / (1.0 + before * alike)
        return worth - (before / (1.0 + (before - 1) * alike) if before else 0.0)

    def _best_fit(self) -> float:
        """How well the window's outcomes fit the known regime they fit best, 0..1.

        Each outcome counts by its chance over that of the likelier outcome of its cell.
        """
        best = 0.0
        for chances in self.chances[:-1]:
            fit = 1.0
            for role, arm, success in self.evidence.outcomes:
                chance = float(chances[role, arm])
                fit *= (chance if success else 1.0 - chance) / max(chance, 1.0 - chance)
            best = max(best, fit)
        return best

    def _trust_the_known(self) -> None:
        """A window that fits some known regime is hardly of a new one."""
        self.belief[-1] *= LEAST_NEWNESS
        total = sum(self.belief)
        self.belief = [b / total for b in self.belief]

    def _count(self, k: int, weight: float, role: int, arm: int, success: bool) -> None:
        fade = 1.0 - (1.0 - FORGETTING) * weight
        self.right[k][role] *= fade
        self.wrong[k][role] *= fade
        (self.right if success else self.wrong)[k][role, arm] += weight

    def _count_all(self, role: int, arm: int, success: bool) -> None:
        self.all_right[role] *= FORGETTING
        self.all_wrong[role] *= FORGETTING
        (self.all_right if success else self.all_wrong)[role, arm] += 1.0

    def _recognise(self, regime: int) -> None:
        number = self.evidence.number
        if self.last_known is not None:
            before, then = self.last_known
            if number > then:
                self.hazard.observe(before != regime, number - then)
            if before != regime:
                self.stay.clear()
                self.changes += 1
                self.changed_at = number
                self.moves[before] = [MOVES_MEMORY * m for m in self.moves[before]]
                self.moves[before][regime] += 1.0
        self.last_known = (regime, number)

    def _make_new(self) -> int:
        if len(self.right) == MOST_REGIMES:
            return self._replace_rarest()
        shape = self.all_right.shape
        self.right.append(np.zeros(shape))
        self.wrong.append(np.zeros(shape))
        self.visits.append(0.0)
        for moves in self.moves:
            moves.append(0.0)
        self.moves.append([0.0] * len(self.right))
        self.belief.append(0.0)
        return len(self.right) - 1

    def _merge(self) -> None:
        """Make one of the two regimes that are most surely the same, if any are."""
        count = len(self.right)
        weight = self.own_weight
        best, pair = -np.inf if self._is_noise() else MERGE_EVIDENCE, None
        for i in range(count):
            for j in range(i + 1, count):
                evidence = same_evidence(
                    (self.right[i], self.wrong[i]),
                    (self.right[j], self.wrong[j]),
                    weight * self.expected_chance,
                    weight * (1.0 - self.expected_chance),
                )
                if evidence > best:
                    best, pair = evidence, (i, j)
        if pair is None:
            return
        keep, drop = pair
        self.right[keep] = self.right[keep] + self.right.pop(drop)
        self.wrong[keep] = self.wrong[keep] + self.wrong.pop(drop)
        self.visits[keep] += self.visits.pop(drop)
        self.belief[keep] += self.belief.pop(drop)
        gone = self.moves.pop(drop)
        self.moves[keep] = [a + b for a, b in zip(self.moves[keep], gone, strict=True)]
        for moves in self.moves:
            moved = moves.pop(drop)
            moves[keep if keep < drop else keep - 1] += moved
        self.moves[keep][keep] = 0.0
        if self.last_known is not None:
            regime, number = self.last_known
            regime = keep if regime == drop else regime - (regime > drop)
            self.last_known = (regime, number)

    def _replace_rarest(self) -> int:
        rarest = min(range(MOST_REGIMES), key=self.visits.__getitem__)
        self.right[rarest] = np.zeros_like(self.right[rarest])
        self.wrong[rarest] = np.zeros_like(self.wrong[rarest])
        self.visits[rarest] = 0.0
        self.moves[rarest] = [0.0] * MOST_REGIMES
        for moves in self.moves:
            moves[rarest] = 0.0
        self.belief[rarest] = self.belief[-1]
        self.belief[-1] = 0.0
        if self.last_known is not None and self.last_known[0] == rarest:
            self.last_known = None
        return rarest

    def state(self) -> dict[str, Any]:
        """Everything as JSON values."""
        return {
            "right": [a.tolist() for a in self.right],
            "wrong": [a.tolist() for a in self.wrong],
            "visits": self.visits,
            "all_right": self.all_right.tolist(),
            "all_wrong": self.all_wrong.tolist(),
            "moves": self.moves,
            "belief": self.belief,
            "hazard": self.hazard.weights,
            "evidence": [self.evidence.window, self.evidence.number, self.evidence.outcomes],
            "last_known": self.last_known,
            "last_outcome": [[*cell, *seen] for cell, seen in self.last_outcome.items()],
            "doubt": [self.doubt, *self.long_pairs],
            "stay": [[*cell, count] for cell, count in self.stay.items()],
            "noise": [self.disagreed, self.expected, self.learnt, self.taught],
            "changes": [self.changes, self.changed_at],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """The inverse of `state`."""
        self.right = [np.array(a) for a in state["right"]]
        self.wrong = [np.array(a) for a in state["wrong"]]
        self.visits = state["visits"]
        self.all_right = np.array(state["all_right"])
        self.all_wrong = np.array(state["all_wrong"])
        self.moves = state["moves"]
        self.belief = state["belief"]
        self.hazard.weights = state["hazard"]
        window, number, outcomes = state["evidence"]
        self.evidence = Evidence(window, number, [(r, a, s) for r, a, s in outcomes])
        last = state["last_known"]
        self.last_known = None if last is None else (last[0], last[1])
        self.last_outcome = {(r, a): (n, s) for r, a, n, s in state["last_outcome"]}
        self.stay = {(r, a): n for r, a, n in state["stay"]}
        self.doubt, *self.long_pairs = state["doubt"]
        self.disagreed, self.expected, self.learnt, self.taught = state["noise"]
        self.changes, self.changed_at = state["changes"]
        self.refresh()
