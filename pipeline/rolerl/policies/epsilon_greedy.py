"""Epsilon-greedy with forgetting, the simplest bandit that keeps learning."""

from pipeline.rolerl.policies.scalar import ScalarPolicy
from pipeline.rolerl.policy import Key

EPSILON = 0.05
UNTRIED = 1.0


class EpsilonGreedyPolicy(ScalarPolicy):
    """The arm with the highest discounted mean, or any arm with probability epsilon.

    An arm without observations counts as perfect, so that each is tried.
    """

    name = "epsilon-greedy"

    def _mix(self, key: Key, models: list[str]) -> dict[str, float]:
        tallies = self.tallies(key)
        best = max(models, key=lambda m: tallies[m].mean if m in tallies else UNTRIED)
        mix = {m: EPSILON / len(models) for m in models}
        mix[best] = 1.0 - EPSILON * (len(models) - 1) / len(models)
        return mix
