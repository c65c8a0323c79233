"""What arms there are: the configuration's, changed by what came later."""

from typing import Any

from pipeline.models.declared import DeclaredModels
from schemas.pool_change import PoolChange, PoolOperation
from tests.in_memory_models import arm
from tests.role_tasks import AT


def change(operation: str, name: str, price: float = 1.0, **settings: Any) -> PoolChange:
    declaration = arm(name, price, **settings).declaration
    return PoolChange(operation=PoolOperation(operation), declaration=declaration, at=AT)


def prices(declared: DeclaredModels) -> dict[str, float]:
    return {model.name: model.usd_per_million_input for model in declared.live()}


def test_the_last_word_on_an_arm_counts() -> None:
    declared = DeclaredModels([arm("a", 1.0), arm("b", 2.0)])
    assert declared.change("c", change("add", "c", 3.0)) == arm("c", 3.0)
    assert declared.change("a", change("reprice", "a", 9.0)) == arm("a", 9.0)
    assert declared.change("b", change("retire", "b", 2.0)) is None
    assert prices(declared) == {"a": 9.0, "c": 3.0}
    declared.change("b", change("add", "b", 4.0))
    assert prices(declared) == {"a": 9.0, "b": 4.0, "c": 3.0}
    origins = {item.settings.name: item.origin for item in declared.all()}
    assert origins == {"a": "changed", "b": "changed", "c": "added"}


def test_without_its_changes_the_configuration_holds_again() -> None:
    declared = DeclaredModels([arm("a", 1.0)])
    declared.change("a", change("retire", "a"))
    declared.change("c", change("add", "c"))
    assert declared.change("a", None) == arm("a", 1.0)
    assert declared.change("c", None) is None
    assert prices(declared) == {"a": 1.0}


def test_a_retired_arm_is_still_known() -> None:
    declared = DeclaredModels([arm("a", 1.0)])
    declared.change("a", change("retire", "a", 5.0))
    found = declared.get("a")
    assert found is not None
    assert (found.origin, found.live, found.settings.usd_per_million_input) == (
        "retired",
        False,
        5.0,
    )


def test_every_change_can_be_noticed() -> None:
    declared = DeclaredModels([arm("a")])
    before = declared.version
    declared.change("a", change("add", "a"))
    assert declared.version > before


def test_arms_are_listed_with_their_batch_sizes_and_go_as_their_model_goes() -> None:
    declared = DeclaredModels([arm("a", batch_subjects=(0, 4)), arm("b")])
    assert [item.settings.name for item in declared.arms()] == ["a", "a@4", "b"]
    assert [model.name for model in declared.live()] == ["a", "b"]
    declared.change("a", change("retire", "a"))
    assert [item.settings.name for item in declared.arms() if item.live] == ["b"]
    declared.change("a", change("add", "a", 7.0, batch_subjects=(0, 1)))
    prices = {i.settings.name: i.settings.usd_per_million_input for i in declared.arms() if i.live}
    assert prices == {"a": 7.0, "a@1": 7.0, "b": 1.0}
    assert declared.get("a@1") is None
