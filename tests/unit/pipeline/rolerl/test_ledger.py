"""Every cent is booked once."""

import pytest

from pipeline.rolerl.ledger import Ledger
from pipeline.rolerl.policy import Context, Observation


def test_the_kinds_add_up() -> None:
    ledger = Ledger()
    base = Observation(Context("d", "r"), "1", "m", "incumbent", 1.0, "ok", 1.0, 0.5)
    ledger.add(base)
    ledger.add(base._replace(kind="challenger", kept=False, cost_usd=2.0, judge_cost_usd=0.0))
    ledger.add(base._replace(outcome="invalid", kept=False, cost_usd=4.0))
    ledger.add(base._replace(outcome="repaired", cost_usd=8.0, judge_cost_usd=0.0))
    ledger.add(base._replace(late=True, judge_cost_usd=0.25))
    assert ledger.as_dict() == {
        "kept_usd": 9.0,
        "unkept_usd": 2.0,
        "failed_usd": 4.0,
        "judge_usd": 1.25,
        "repaired_usd": 8.0,
        "exploration_usd": 2.0,
        "total_usd": pytest.approx(16.25),
    }
