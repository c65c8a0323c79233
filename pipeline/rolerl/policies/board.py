"""The paper's board of judges: whose word counts how much, moved by the learnt tables."""

from collections.abc import Mapping, Sequence

WEIGHT_STEP = 0.01
LONGEST_WALK = 10

Table = Mapping[str, Mapping[str, float]]


class Board:
    """Weights over judges that sum to 1; they start on one judge.

    After each window the weight of one arm grows by a hundredth at the others' expense: the arm on
    which a walk ends that always moves to the best action after a failure, over the tables of all
    roles plus the prices, so that quality alone counts (arXiv 2409.18014, board of judges).
    """

    def __init__(self, first: str) -> None:
        self.weights: dict[str, float] = {first: 1.0}

    def elect(self, prices_usd: Mapping[str, float], tables: Sequence[Table]) -> None:
        """Move the weights one step; arms in the order of `prices_usd`, the walk starts there."""
        winner = self._walk_end(prices_usd, tables)
        if winner is None:
            return
        held = self.weights.get(winner, 0.0)
        gain = min(WEIGHT_STEP, 1.0 - held)
        losers = sorted(
            (m for m, w in self.weights.items() if m != winner and w > 0.0),
            key=lambda m: self.weights[m],
        )
        if not losers:
            return
        self.weights[winner] = held + gain
        left = gain
        for position, model in enumerate(losers):
            share = min(self.weights[model], left / (len(losers) - position))
            self.weights[model] -= share
            left -= share

    def _walk_end(self, prices_usd: Mapping[str, float], tables: Sequence[Table]) -> str | None:
        models = list(prices_usd)

        def row(model: str) -> dict[str, float]:
            learnt = [table.get("-" + model, {}) for table in tables]
            return {
                to: sum(cells.get(to, 0.0) for cells in learnt) + len(tables) * prices_usd[to]
                for to in models
            }

        at = models[0]
        for _ in range(LONGEST_WALK):
            values = row(at)
            to = max(models, key=values.__getitem__)
            if to == at:
                return at
            at = to
        return None
