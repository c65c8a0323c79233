"""What a worker does before any policy has spoken."""

import pytest

from pipeline.decisions.unassigned import uniform_plan


def test_without_a_policy_every_arm_is_as_likely_and_a_fallback() -> None:
    plan = uniform_plan(("cheap", "dear", "dearest"))
    assert plan.primary == "cheap"
    assert [s.model for s in plan.mix] == [s.model for s in plan.fallbacks]
    assert sum(s.probability for s in plan.mix) == pytest.approx(1.0)
    assert len({s.probability for s in plan.mix}) == 1
    assert not plan.side_by_side
    assert not plan.sweep
    assert plan.judge_rate == 0.0
