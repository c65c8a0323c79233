"""When two role assignments mean the same to a worker."""

from typing import Any

import pytest

from pipeline.decisions.plans import same_plan
from schemas.rewards import ArmShare, RoleAssignment
from schemas.roles import Role
from tests.role_tasks import AT


def share(model: str, probability: float, judge_rate: float = 0.0) -> ArmShare:
    return ArmShare(model=model, probability=probability, judge_rate=judge_rate)


def role_assignment(**changes: Any) -> RoleAssignment:
    fields: dict[str, Any] = {
        "domain": "garden",
        "role": Role.TOPIC_FINDER,
        "version": 1,
        "policy": "paper",
        "primary": "a",
        "mix": (share("a", 0.9), share("b", 0.1)),
        "fallbacks": (share("b", 1.0),),
        "reason": "why",
        "at": AT,
    }
    return RoleAssignment(**{**fields, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {"version": 9},
        {"reason": "another"},
        {"mix": (share("a", 0.9001), share("b", 0.0999))},
        {"judge_rate": 0.5},
    ],
)
def test_what_workers_do_not_act_on_makes_no_difference(changes: dict[str, Any]) -> None:
    assert same_plan(role_assignment(), role_assignment(**changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"policy": "other"},
        {"primary": "b"},
        {"mix": (share("a", 0.898), share("b", 0.102))},
        {"mix": (share("a", 0.9, 0.01), share("b", 0.1))},
        {"mix": (share("a", 1.0),)},
        {"fallbacks": ()},
        {"fallbacks": (share("b", 1.0, 0.5),)},
        {"side_by_side": True},
        {"sweep": True},
    ],
)
def test_what_workers_act_on_makes_a_difference(changes: dict[str, Any]) -> None:
    assert not same_plan(role_assignment(), role_assignment(**changes))
