"""The policy's arms: batch sizes among them, at what they are expected to cost."""

import pytest

from pipeline.config import Config, KafkaSettings, ModelSettings
from pipeline.decisions.policy_maker import (
    REPEATED_SHARE,
    TYPICAL_INPUT_TOKENS,
    TYPICAL_OUTPUT_TOKENS,
    PolicyMaker,
)
from pipeline.models.declared import DeclaredModels
from pipeline.rolerl.arms import Arm
from schemas.roles import BATCHED_ROLES
from tests.in_memory_models import arm


def arms(*models: ModelSettings) -> dict[str, Arm]:
    config = Config(kafka=KafkaSettings(bootstrap_servers="none:0"), models=models)
    return {a.model: a for a in PolicyMaker(config, DeclaredModels(models)).arms()}


def test_a_batch_size_is_an_arm_for_its_roles_with_the_priors_of_its_model() -> None:
    known = arms(arm("a", prior_quality=0.7, batch_subjects=(0, 1)), arm("b"))
    assert list(known) == ["a", "a@1", "b"]
    assert known["a@1"].roles == {role.value for role in BATCHED_ROLES}
    assert known["a@1"].prior_success == known["a"].prior_success == 0.7
    assert known["a@1"].ranked_usd == known["a"].ranked_usd == known["a"].price_usd


def test_what_smaller_batches_send_again_is_part_of_the_expected_cost() -> None:
    base = arm("a", 1.0, batch_subjects=(0, 3, 2, 1))
    price = {name: a.price_usd for name, a in arms(base).items()}
    again = REPEATED_SHARE * TYPICAL_INPUT_TOKENS * 1e-6
    assert price["a"] == pytest.approx((TYPICAL_INPUT_TOKENS + TYPICAL_OUTPUT_TOKENS) * 1e-6)
    assert price["a@3"] == price["a"]
    assert price["a@2"] == pytest.approx(price["a"] + again)
    assert price["a@1"] == pytest.approx(price["a"] + 2 * again)


def test_an_arm_that_is_always_asked_in_batches_repeats_in_half_of_its_roles() -> None:
    price = {name: a.price_usd for name, a in arms(arm("a", batch_subjects=(1, 0))).items()}
    again = REPEATED_SHARE * TYPICAL_INPUT_TOKENS * 1e-6
    assert price["a"] == pytest.approx(price["a@0"] + again)
