"""An arm's declaration: names, roles, prices."""

import pytest
from pydantic import ValidationError

from schemas.roles import MODEL_ROLES
from tests.in_memory_models import arm


def test_the_endpoint_s_name_is_the_arm_s_unless_told_otherwise() -> None:
    assert arm("small").endpoint_model == "small"
    assert arm("small", model="vendor/small-1").endpoint_model == "vendor/small-1"


def test_an_arm_may_serve_any_role_unless_told_otherwise() -> None:
    assert all(arm("small").serves(role) for role in MODEL_ROLES)
    finder = arm("small", roles=("topic_finder",))
    assert [role for role in MODEL_ROLES if finder.serves(role)] == ["topic_finder"]


def test_an_arm_that_only_judges_does_not_work() -> None:
    assert arm("small").works
    assert arm("small", roles=("judge", "topic_finder")).works
    assert not arm("small", roles=("judge",)).works


@pytest.mark.parametrize("name", ["", "-a", "a b", "a|b", "a\n", "ä", "x" * 101])
def test_a_name_that_cannot_stand_in_a_key_is_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        arm(name)


@pytest.mark.parametrize("price", [-1.0, float("nan"), float("inf")])
def test_a_price_is_a_number_of_dollars(price: float) -> None:
    with pytest.raises(ValidationError):
        arm("small", price)
