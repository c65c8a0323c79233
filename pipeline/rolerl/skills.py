"""How good each arm is in each role, by everything known of other arms, other roles and prices."""

from collections.abc import Iterable, Mapping
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.rolerl.arms import Pool

Array = NDArray[np.float64]

MIDDLE, RISE = 0.65, 0.2
"""What is expected of an arm of middling price before anything is known, and by how much the
dearest is expected to be better than the cheapest."""
LEVEL, ROLE_LEVEL, SLOPES = 0.1, 0.1, (0.1, 0.35)
ARMS, CELLS = (0.03, 0.06, 0.12, 0.25), (0.03, 0.08, 0.16)
"""Standard deviations: of the common level, of a role's, of the rise with the price, of what an arm
has of its own, and of what it has in one role only; where there are several, the data choose."""
ROLE_SLOPE = 0.3
"""The rise differs between roles by this part of what the rise itself may differ by."""
GUESS, LEAST_NOISE = 8.0, 0.03
"""Outcomes that the expectation counts for when it is asked how noisy a cell is, and the least
variance of an outcome: three right in a row do not make a cell sure."""
_PRIOR, _SEEN = -1, -2
"""Kernels among a role's cells and among the seen ones; a role's number: from its to the seen."""
RENEWED = 1.15
"""The standard deviations are chosen anew once a seventh of the outcomes is new."""


class Standing(NamedTuple):
    """What is believed of one role's arms: chances of being right, their covariance, and the

    variance of a single outcome; arrays (A,), (A, A), (A,).
    """

    means: Array
    covariance: Array
    noise: Array


class Skills:
    """A normal model of chances: level + role + rise with the price + arm + arm in the role.

    All parts are random effects, so that what is seen of one cell moves the others as far as they
    share parts (Henderson 1975); how large each part is follows from the marginal likelihood of
    what was seen (empirical Bayes, Efron and Morris 1973). Chances are near enough to normal for
    sums of many outcomes.
    """

    def __init__(self) -> None:
        self._scales = (SLOPES[1], ARMS[2], CELLS[1])
        self._fitted = 0.0
        self._expected = np.zeros(0)
        self._rank = np.zeros(0)
        self._declared = np.zeros(0)
        self._by_role: dict[str, dict[int, float]] = {}
        self._role_names: list[str] = []
        self._kernels_of: tuple[object, ...] = ()
        self._kernels: dict[int, Array] = {}

    def set_arms(self, pool: Pool, places: Mapping[str, int]) -> None:
        """Take over what prices and users say of the arms; `places`: where each stands."""
        count = len(places)
        self._rank, self._expected = np.zeros(count), np.full(count, MIDDLE)
        self._declared = np.full(count, np.nan)
        self._by_role = {}
        prices = sorted({arm.ranked_usd for arm in pool})
        top = max(len(prices) - 1, 1)
        for arm in pool:
            index = places[arm.model]
            for role, expected in arm.role_priors.items():
                self._by_role.setdefault(role, {})[index] = expected
            chance = arm.prior_success
            if chance is None:
                self._rank[index] = prices.index(arm.ranked_usd) / top - 0.5
                self._expected[index] += RISE * self._rank[index]
            else:
                self._expected[index] = chance
                self._declared[index] = max(chance * (1.0 - chance), LEAST_NOISE) / (
                    1.0 + arm.prior_weight
                )
        self._fitted = 0.0
        self._kernels_of = ()

    def name_roles(self, names: Iterable[str]) -> None:
        """The names of all roles in the order of their numbers: priors are declared by name."""
        self._role_names = list(names)

    def declared(self, role: int) -> frozenset[int]:
        """The arms whose chance in this role was measured elsewhere and declared."""
        name = self._role_names[role] if role < len(self._role_names) else ""
        return frozenset(self._by_role.get(name, ()))

    def _expectations(self, roles: int) -> Array:
        """What is expected of each cell, row by row."""
        expected = np.tile(self._expected, (roles, 1))
        for role, name in enumerate(self._role_names[:roles]):
            for arm, chance in self._by_role.get(name, {}).items():
                expected[role, arm] = chance
        return expected.ravel()

    def standing(self, role: int, right: Array, wrong: Array) -> Standing:
        """What is believed of a role's arms, given the outcomes (R, A) so far."""
        roles, arms = right.shape
        seen = (right + wrong).ravel()
        cells = np.flatnonzero(seen > 0.01)
        counts = seen[cells]
        shares = right.ravel()[cells] / counts
        expected = self._expectations(roles)
        guess = (right.ravel()[cells] + GUESS * expected[cells]) / (counts + GUESS)
        noise = np.maximum(guess * (1.0 - guess), LEAST_NOISE)
        errors = shares - expected[cells]
        role_of, arm_of = np.divmod(np.arange(roles * arms), arms)
        total = float(counts.sum())
        if total > RENEWED * self._fitted:
            self._fitted = total
            self._fit(role_of[cells], arm_of[cells], noise / counts, errors)
        mine = np.arange(role * arms, (role + 1) * arms)
        kernels = self._kernels_for((self._scales, roles, arms, cells.tobytes()))
        prior = kernels.get(_PRIOR)
        if prior is None:
            # The same for every role.
            prior = self._kernel(role_of[mine], arm_of[mine], role_of[mine], arm_of[mine])
            kernels[_PRIOR] = prior
        chances = np.maximum(expected[mine] * (1.0 - expected[mine]), LEAST_NOISE)
        if not len(cells):
            return Standing(expected[mine], prior, chances)
        across = kernels.get(role)
        if across is None:
            across = self._kernel(role_of[mine], arm_of[mine], role_of[cells], arm_of[cells])
            kernels[role] = across
        seen_kernel = kernels.get(_SEEN)
        if seen_kernel is None:
            seen_kernel = self._kernel(role_of[cells], arm_of[cells], role_of[cells], arm_of[cells])
            kernels[_SEEN] = seen_kernel
        spread = seen_kernel.copy()
        spread[np.diag_indices_from(spread)] += noise / counts
        gain = np.linalg.solve(spread, np.concatenate((errors[:, None], across.T), axis=1))
        means = np.clip(expected[mine] + across @ gain[:, 0], 0.01, 0.99)
        covariance = prior - across @ gain[:, 1:]
        return Standing(means, covariance, np.maximum(means * (1.0 - means), LEAST_NOISE))

    def _kernels_for(self, of: tuple[object, ...]) -> dict[int, Array]:
        """The kernels made for the same scales and the same seen cells, as long as those hold."""
        if self._kernels_of != of:
            self._kernels_of, self._kernels = of, {}
        return self._kernels

    def _fit(self, role_of: Array, arm_of: Array, noise: Array, errors: Array) -> None:
        if len(errors) < 2:
            return
        choices = np.array(list(product(SLOPES, ARMS, CELLS)))
        fits = []
        for slope, arm, cell in choices.tolist():
            spread = self._kernel(role_of, arm_of, role_of, arm_of, (slope, arm, cell))
            spread[np.diag_indices_from(spread)] += noise
            _, size = np.linalg.slogdet(spread)
            fits.append(-0.5 * float(errors @ np.linalg.solve(spread, errors) + size))
        weights = np.exp(np.array(fits) - max(fits))
        slope, arm, cell = np.exp(weights @ np.log(choices) / weights.sum()).tolist()
        self._scales = (slope, arm, cell)

    def _kernel(
        self,
        roles: Array,
        arms: Array,
        other_roles: Array,
        other_arms: Array,
        scales: tuple[float, float, float] | None = None,
    ) -> Array:
        """Prior covariance of cells; of an arm with a declared prior, what that leaves open."""
        slope, arm, cell = scales or self._scales
        same_role = roles[:, None] == other_roles[None, :]
        same_arm = arms[:, None] == other_arms[None, :]
        rise = self._rank[arms][:, None] * self._rank[other_arms][None, :] * slope**2
        free = np.isnan(self._declared)
        own = np.where(free, arm**2, self._declared)[arms]
        level = (LEVEL**2 + ROLE_LEVEL**2 * same_role) * free[arms][:, None] * free[other_arms]
        cells = cell**2 * free[arms][:, None] * same_role
        return np.asarray(
            level + rise * (1.0 + ROLE_SLOPE**2 * same_role) + same_arm * (own[:, None] + cells)
        )

    def state(self) -> list[float]:
        """What the outcomes have said of the scales, as JSON values."""
        return [*self._scales, self._fitted]

    def restore(self, state: list[float]) -> None:
        """The inverse of `state`; the arms must have been set before."""
        slope, arm, cell, self._fitted = state
        self._scales = (slope, arm, cell)
