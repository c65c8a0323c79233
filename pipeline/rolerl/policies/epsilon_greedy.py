"""Epsilon-greedy with forgetting, the simplest bandit that keeps learning."""

from pipeline.rolerl.policies.scalar import ScalarPolicy
from pipeline.rolerl.policies.tallies import Tallies

EPSILON = 0.05


class EpsilonGreedyPolicy(ScalarPolicy):
    """The arm with the highest discounted mean, or any arm with probability epsilon.

    An arm without observations counts as perfect, so that each is tried.
    """

    name = "epsilon-greedy"
    untried = 1.0

    def _mix(self, tallies: Tallies) -> list[float]:
        playing = tallies.playing
        mix = [EPSILON / len(playing)] * len(playing)
        mix[playing.index(tallies.ranking[0])] = 1.0 - EPSILON * (len(playing) - 1) / len(playing)
        return mix

    def _draw(self, tallies: Tallies) -> tuple[int, float]:
        playing = tallies.playing
        point = self.rng.random()
        arm = best = tallies.ranking[0]
        if point < EPSILON:
            arm = playing[int(point / EPSILON * len(playing))]
        even = EPSILON / len(playing)
        return arm, even if arm != best else 1.0 - even * (len(playing) - 1)
