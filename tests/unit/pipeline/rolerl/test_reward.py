"""The reward presets."""

import pytest

from pipeline.errors import ConfigurationError
from pipeline.rolerl.reward import paper_reward, reward_preset


def test_the_papers_reward() -> None:
    assert paper_reward(True, 1.0, 2.25) == pytest.approx(10.0 - 0.1 - 2.25)
    assert paper_reward(False, 0.0, 0.5) == pytest.approx(-100.0 - 0.1 - 0.5)
    assert paper_reward(True, 1.0, 0.5, latency_s=20.0) == pytest.approx(10.0 - 2.0 - 0.5)


def test_latency_and_price_matter() -> None:
    timed = reward_preset("timed", 10.0)
    assert timed(True, 1.0, 0.1, 1.0) > timed(True, 1.0, 0.1, 9.0)
    net = reward_preset("net", 10.0)
    assert net(True, 0.9, 0.1, None) == pytest.approx(8.9)


def test_an_unknown_preset_is_named() -> None:
    with pytest.raises(ConfigurationError, match="paper"):
        reward_preset("magic", 1.0)
