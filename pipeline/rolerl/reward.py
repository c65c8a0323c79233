"""From what was observed of a run to one number, for policies that learn from one number."""

from collections.abc import Callable
from typing import Protocol

from pipeline.errors import ConfigurationError

PAPER_V = 10.0
PAPER_K_T = 0.1
PAPER_WRONG = -10.0


class RewardPreset(Protocol):
    """Turns quality, cost and latency, kept apart until here, into one number."""

    def __call__(
        self, success: bool, quality: float | None, cost_usd: float, latency_s: float | None
    ) -> float:
        """`quality` 0..1 or None; higher is better."""
        ...


def paper_reward(
    success: bool, quality: float | None, cost_usd: float, latency_s: float | None = None
) -> float:
    """r = v k - k_t t - c with v = 10, k_t = 0.1 (arXiv 2409.18014).

    k is +1 for a right answer; a wrong one falls linearly from there with its quality to -10, as
    for the content organizer. t is the measured time in seconds, or the paper's constant 1.
    """
    k = 1.0 if success else PAPER_WRONG + (1.0 - PAPER_WRONG) * min(quality or 0.0, 1.0)
    k = 1.0 if success else min(k, 0.0)
    time_s = 1.0 if latency_s is None else latency_s
    return PAPER_V * k - PAPER_K_T * time_s - cost_usd


def net_reward(value_usd: float) -> RewardPreset:
    """Dollars: `value_usd` times the quality (the success if that is all there is), less cost."""

    def reward(
        success: bool, quality: float | None, cost_usd: float, latency_s: float | None = None
    ) -> float:
        return value_usd * (float(success) if quality is None else quality) - cost_usd

    return reward


def timed_reward(value_usd: float, usd_per_s: float) -> RewardPreset:
    """As `net_reward`, and every second of latency costs `usd_per_s`."""
    net = net_reward(value_usd)

    def reward(
        success: bool, quality: float | None, cost_usd: float, latency_s: float | None = None
    ) -> float:
        return net(success, quality, cost_usd, latency_s) - usd_per_s * (latency_s or 0.0)

    return reward


PRESETS: dict[str, Callable[[float], RewardPreset]] = {
    "paper": lambda value_usd: paper_reward,
    "net": net_reward,
    "timed": lambda value_usd: timed_reward(value_usd, usd_per_s=value_usd / 1000.0),
}


def reward_preset(name: str, value_usd: float) -> RewardPreset:
    """The preset of that name for a success worth `value_usd`; ConfigurationError if unknown."""
    try:
        return PRESETS[name](value_usd)
    except KeyError:
        raise ConfigurationError(
            f"reward preset {name!r} is not known; choose one of {', '.join(PRESETS)}"
        ) from None
