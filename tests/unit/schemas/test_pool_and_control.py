"""Messages of people to the pool and to the policy: complete, and never with a secret."""

from typing import Any

import pytest
from pydantic import ValidationError

from schemas.model_declaration import ModelDeclaration
from schemas.partitions import partition_of, policy_partition
from schemas.policy_control import ControlMode, PolicyControl
from schemas.rewards import ArmShare, RoleAssignment
from schemas.roles import Role
from tests.role_tasks import AT

ASSIGNMENT = RoleAssignment(
    domain="news",
    role=Role.TOPIC_FINDER,
    version=3,
    policy="paper",
    primary="a",
    mix=(ArmShare(model="a", probability=1.0),),
    reason="why",
    at=AT,
)


def declaration(**fields: Any) -> ModelDeclaration:
    plain = {"name": "a", "base_url": "https://example.org/v1"}
    prices = {"usd_per_million_input": 1, "usd_per_million_output": 2}
    return ModelDeclaration.model_validate({**plain, **prices, **fields})


@pytest.mark.parametrize(
    "url",
    [
        "https://user:hush@example.org/v1",
        "https://hush@example.org/v1",
        "https://example.org/v1?key=hush",
        "https://example.org/v1#hush",
    ],
)
def test_an_address_with_a_secret_is_never_declared(url: str) -> None:
    with pytest.raises(ValidationError, match="plain address") as caught:
        declaration(base_url=url)
    assert "hush" not in caught.value.errors(include_url=False)[0]["msg"]


def test_a_key_in_place_of_its_variable_is_refused() -> None:
    with pytest.raises(ValidationError):
        declaration(api_key_env="sk-hush-hush")


@pytest.mark.parametrize("price", [-1, float("nan"), float("inf")])
def test_a_price_is_a_finite_number(price: float) -> None:
    with pytest.raises(ValidationError):
        declaration(usd_per_million_input=price)


@pytest.mark.parametrize(
    "fields",
    [
        {"mode": ControlMode.FROZEN},
        {"mode": ControlMode.PINNED, "model": "a"},
        {"mode": ControlMode.ROLLED_BACK, "role_assignment": ASSIGNMENT},
    ],
)
def test_a_control_says_what_its_mode_needs(fields: dict[str, Any]) -> None:
    PolicyControl(domain="news", role=Role.TOPIC_FINDER, at=AT, **fields)
    for mode in set(ControlMode) - {fields["mode"]}:
        with pytest.raises(ValidationError):
            PolicyControl(domain="news", role=Role.TOPIC_FINDER, at=AT, **{**fields, "mode": mode})


def test_a_key_has_the_same_partition_everywhere() -> None:
    assert [partition_of(key, 4) for key in ("news|topic_finder", "oracle", "Ж")] == [2, 0, 1]


def test_all_roles_of_a_domain_are_learnt_on_one_partition() -> None:
    assert [policy_partition(domain, 4) for domain in ("news", "ecommerce", "shorts")] == [
        partition_of(domain, 4) for domain in ("news", "ecommerce", "shorts")
    ]
