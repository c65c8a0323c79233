"""The belief about how often the text changes."""

import pytest

from pipeline.rolerl.hazard import Hazard


def test_it_falls_while_nothing_changes_and_rises_with_changes() -> None:
    hazard = Hazard()
    for _ in range(500):
        hazard.observe(changed=False, gap=1)
    quiet = hazard.rate
    assert quiet < 0.005
    for _ in range(6):
        hazard.observe(changed=True, gap=1)
    assert hazard.rate > 0.2
    assert hazard.fast_share > 0.9
    assert sum(hazard.weights) == pytest.approx(1.0)


def test_an_unseen_stretch_counts_by_its_length() -> None:
    near, far = Hazard(), Hazard()
    near.observe(changed=True, gap=1)
    far.observe(changed=True, gap=200)
    assert far.rate < near.rate
