"""An arm's declaration: names, roles, prices."""

import pytest
from pydantic import ValidationError

from schemas.model_declaration import ModelDeclaration
from schemas.roles import BATCHED_ROLES, MODEL_ROLES
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


class TestBatchSizes:
    def test_without_them_an_arm_asks_about_all_subjects_and_is_the_only_one(self) -> None:
        plain = arm("small")
        assert (plain.batch_size, plain.variants, plain.base) == (0, (), "small")

    def test_each_further_size_is_an_arm_for_the_roles_that_it_concerns(self) -> None:
        base = arm(
            "small",
            batch_subjects=(0, 4, 1),
            role_priors={"topic_finder": 0.5, "topic_locator": 0.6},
            limit_group="shared",
            prior_quality=0.7,
        )
        four, one = base.variants
        assert (four.name, four.batch_size, one.name, one.batch_size) == (
            "small@4",
            4,
            "small@1",
            1,
        )
        assert [role for role in MODEL_ROLES if one.serves(role)] == list(BATCHED_ROLES)
        assert (one.base, one.endpoint_model, one.limit_group) == ("small", "small", "shared")
        assert (one.prior_quality, one.role_priors) == (0.7, {"topic_locator": 0.6})
        assert one.variants == ()

    def test_the_endpoint_s_own_name_stays(self) -> None:
        (one,) = arm("small", model="vendor/small-1", batch_subjects=(0, 1)).variants
        assert one.endpoint_model == "vendor/small-1"

    @pytest.mark.parametrize(
        ("roles", "served"),
        [(("topic_locator",), [("topic_locator",)]), (("topic_finder", "judge"), [])],
    )
    def test_an_arm_has_no_batches_for_roles_that_it_does_not_serve(
        self, roles: tuple[str, ...], served: list[tuple[str, ...]]
    ) -> None:
        variants = arm("small", roles=roles, batch_subjects=(0, 1)).variants
        assert [variant.roles for variant in variants] == served

    def test_the_first_size_is_the_arm_s_own(self) -> None:
        base = arm("small", batch_subjects=(4,))
        assert (base.batch_size, base.variants) == (4, ())

    @pytest.mark.parametrize("sizes", [(), (0, -1), (0, 1, 1), (0, 1001)])
    def test_sizes_are_numbers_of_subjects_each_once(self, sizes: tuple[int, ...]) -> None:
        with pytest.raises(ValidationError):
            arm("small", batch_subjects=sizes)

    def test_a_name_like_that_of_a_batch_size_is_refused_with_what_to_do(self) -> None:
        with pytest.raises(ValidationError, match=r'leave out "@4" and declare batch_subjects'):
            arm("small@4")

    def test_they_are_written_to_running_workers_only_where_there_are_some(self) -> None:
        assert "batch_subjects" not in arm("small").declaration.model_dump_json()
        with_batches = arm("small", batch_subjects=(0, 4)).declaration
        assert ModelDeclaration.model_validate_json(with_batches.model_dump_json()) == with_batches
