"""What one role's arms have to offer, as far as it does not depend on the belief of the moment."""

import numpy as np
from numpy.typing import NDArray

from pipeline.rolerl.domain_model import DomainModel
from pipeline.rolerl.information import adoption_value, waiting_time
from pipeline.rolerl.ladder import Market, dominated

Array = NDArray[np.float64]

FIRST_VISITS = 20.0
MOST_VISITS = 3000.0
"""What came n times is expected to come n + 20 times more, at most 3000."""
NEVER_USD = 1e12


class Prospects:
    """What knowing the regime is worth to the roles of a domain.

    `moved` (K, K): where each regime leads in a window; `worth` (K, R, A): value less cost of an
    unjudged run, absurd where an arm cannot run. All money is times `price`.
    """

    def __init__(self, model: DomainModel, value_usd: float, price: float) -> None:
        regimes = model.regimes
        kinds = len(regimes.table.chances)
        worth = np.full(regimes.table.chances.shape, -NEVER_USD)
        everyone = list(range(len(model.names)))
        for name, role in model.roles.items():
            if not any(arm.plays(name) for arm in model.pool):
                worth[:, role] = 0.0
                continue
            arms = model.playing(name)
            costs = np.array(model.facts.costs(role, arms)) * price
            row = value_usd * model.chances(role, arms) - costs
            if arms == everyone:
                worth[:, role] = row
            else:
                worth[:, role, arms] = row
        self.shape = worth.shape[1:]
        self.worth = worth.reshape(kinds, -1)
        self.moved = np.array([regimes.ahead(row) for row in np.eye(kinds).tolist()])
        self.both = np.concatenate((self.worth, self.moved @ self.worth), axis=1)


class Offer:
    """The arms that may play a role, as indices of the domain, with their chances and costs.

    `kept` are those worth considering: cheaper than the others or better in some regime, or perhaps
    good enough one day.
    """

    def __init__(
        self, model: DomainModel, role: int, name: str, value_usd: float, judge: float, price: float
    ) -> None:
        self.model, self.role = model, role
        self.value, self.judge, self.price = value_usd, judge, price
        self.arms = model.playing(name)
        self.chances = model.chances(role, self.arms)
        self.costs = np.array(model.facts.costs(role, self.arms)) * price
        table = model.regimes.table
        known = len(self.chances) - 1
        self.adoption = np.zeros((known + 1, len(self.arms)))
        own = table.own_weight
        pooled = own * table.expected_chance[role].take(self.arms)
        for regime in range(known):
            self.adoption[regime] = adoption_value(
                table.right[regime][role].take(self.arms) + pooled,
                table.wrong[regime][role].take(self.arms) + own - pooled,
                self.costs,
                value_usd,
                self.costs + judge,
                min(table.visits[regime] * model.presence[role] + FIRST_VISITS, MOST_VISITS),
            )
        useful = ~dominated(self.chances, self.costs) | (self.adoption > 0.0).any(axis=0)
        self.kept = np.flatnonzero(useful if known else np.ones(len(self.arms), dtype=bool))
        self.market = Market(self.chances[:, self.kept], self.costs[self.kept], value_usd, judge)
        self._kept_arms = [self.arms[i] for i in self.kept.tolist()]
        self._adopted: list[list[float]] = self.adoption[:, self.kept].tolist()
        self._forms: dict[Prospects, Array] = {}

    def bonus(
        self, weights: Array, prospects: Prospects, later: Array, always: Array, told_out: int
    ) -> Array:
        """What a judged run of each kept arm is worth beyond its own decision, dollars.

        It may change what the roles `later` (R,) do in this window, what all of them (`always`, how
        often each comes) do until the text is likely to have changed, and whether a cheaper arm can
        be adopted in the likeliest regime; `told_out` has a bit for each arm of which the present
        text can show no more.
        """
        known = len(weights) - 1
        count = len(self.kept)
        if known == 0:
            return np.zeros(count)
        values = (weights @ self._forms_of(prospects)).reshape(2 * count + 1, 2, *prospects.shape)
        # Many short rows are compared faster one beside the other.
        best = np.maximum.reduce(values.transpose(3, 0, 1, 2).copy(), axis=0)
        now, ahead = (best[:, 0] @ later).tolist(), (best[:, 1] @ always).tolist()
        right = weights @ self.market.chances
        flips = np.minimum(right, weights.sum() - right).tolist()
        rate = self.model.regimes.hazard.rate
        top = int(weights[:known].argmax())
        likeliest, adopted = float(weights[top]), self._adopted[top]
        bonus = []
        for i, flip in enumerate(flips):
            worth = max(now[i] + now[count + i] - now[-1], 0.0)
            gain = ahead[i] + ahead[count + i] - ahead[-1]
            if gain > 0.0:
                if flip > 1e-9:
                    gain *= waiting_time(self.judge, rate, gain / flip)
                worth += gain
            if not told_out >> self._kept_arms[i] & 1:
                worth += likeliest * adopted[i]
            bonus.append(worth)
        return np.array(bonus)

    def _forms_of(self, prospects: Prospects) -> Array:
        """The worth of each arm in each role now and in later windows, after a right and a wrong

        answer of each kept arm and as it stands: linear in the belief.
        """
        forms = self._forms.get(prospects)
        if forms is None:
            kinds, wide = prospects.both.shape
            count, both = len(self.kept), prospects.both[:, None, :]
            parts = np.empty((kinds, 2 * count + 1, wide))
            np.multiply(self.market.chances[:, :, None], both, out=parts[:, :count])
            np.multiply(self.market.failed[:, :, None], both, out=parts[:, count:-1])
            parts[:, -1:] = both
            forms = self._forms[prospects] = parts.reshape(kinds, -1)
        return forms
