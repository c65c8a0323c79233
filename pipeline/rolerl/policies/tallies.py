"""Discounted counts, means and spreads of one (domain, role), an update being independent of both
the history's length and the number of arms."""

from collections.abc import Sequence
from typing import Any

from pipeline.rolerl.policy import Decision, Run

LARGEST_SCALE = 1e60


class Tallies:
    """One list entry an arm; `playing` are the places of the arms that may be drawn.

    The past fades by letting new observations weigh ever more: an arm's discounted count is
    `weight / scale`. `ranking` holds the playing arms by mean, best first, the cheaper first where
    they are equal; `runs` the run of each arm, in the same places as `models`.
    """

    __slots__ = (
        "decisions",
        "means",
        "mix",
        "models",
        "place",
        "playing",
        "rank",
        "ranking",
        "runs",
        "scale",
        "since",
        "spreads",
        "total",
        "untried",
        "weights",
    )

    def __init__(self, untried: float) -> None:
        self.untried = untried
        self.models: list[str] = []
        self.place: dict[str, int] = {}
        self.weights: list[float] = []
        self.means: list[float] = []
        self.spreads: list[float] = []
        self.scale = 1.0
        self.total = 0.0
        self.playing: list[int] = []
        self.ranking: list[int] = []
        self.rank: list[int] = []
        self.runs: list[tuple[Run, Run]] = []
        self.decisions: list[Decision | None] = []
        self.mix: list[float] | None = None
        self.since = 0

    def admit(self, models: Sequence[str]) -> None:
        """The arms that may be drawn from now on, cheapest first; others keep what is known."""
        for model in models:
            if model not in self.place:
                self.place[model] = len(self.models)
                self.models.append(model)
                self.weights.append(0.0)
                self.means.append(self.untried)
                self.spreads.append(0.0)
                self.runs.append((Run(model, False), Run(model, True)))
        self.playing = [self.place[model] for model in models]
        self.mix = None
        self.order()

    def order(self) -> None:
        """Rank the playing arms anew."""
        means = self.means
        self.ranking = sorted(self.playing, key=lambda i: -means[i])
        self.rank = [-1] * len(self.models)
        for position, arm in enumerate(self.ranking):
            self.rank[arm] = position
        self.decisions = [None] * len(self.models)

    def count(self, arm: int) -> float:
        """Discounted number of observations of an arm."""
        return self.weights[arm] / self.scale

    def add(self, arm: int, value: float, forgetting: float) -> None:
        """One observation (West's incremental weighted mean and variance), the past fading."""
        scale = self.scale = self.scale / forgetting
        self.total = self.total * forgetting + 1.0
        if scale > LARGEST_SCALE:
            scale = self._rescale()
        weight = self.weights[arm] = self.weights[arm] + scale
        means = self.means
        before = means[arm]
        mean = means[arm] = before + (value - before) * (scale / weight)
        self.spreads[arm] += scale * (value - before) * (value - mean)
        self.since += 1
        position = self.rank[arm]
        if position < 0:
            return
        ranking = self.ranking
        if mean > before:
            if position > 0 and means[ranking[position - 1]] <= mean:
                self.order()
        elif position + 1 < len(ranking) and means[ranking[position + 1]] >= mean:
            self.order()

    def _rescale(self) -> float:
        self.weights = [weight / self.scale for weight in self.weights]
        self.spreads = [spread / self.scale for spread in self.spreads]
        self.scale = 1.0
        return 1.0

    def state(self) -> dict[str, Any]:
        """Everything as JSON values."""
        return {
            "models": self.models,
            "weights": self.weights,
            "means": self.means,
            "spreads": self.spreads,
            "scale": self.scale,
            "total": self.total,
            "mix": self.mix,
            "since": self.since,
        }

    @classmethod
    def of(cls, untried: float, state: dict[str, Any], playing: Sequence[str]) -> "Tallies":
        """The inverse of `state` for a pool in which `playing` may be drawn, cheapest first."""
        made = cls(untried)
        made.admit(state["models"])
        made.weights, made.means = state["weights"], state["means"]
        made.spreads, made.scale = state["spreads"], state["scale"]
        made.total, made.since = state["total"], state["since"]
        made.admit(playing)
        made.mix = state["mix"]
        return made
