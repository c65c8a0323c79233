"""Requests begin alike: all of a role's requests share what comes before the window's own data."""

from collections.abc import Sequence
from typing import Any

import pytest

from pipeline.models.dialect import Dialect
from pipeline.olp.content_organizer import ContentOrganizer
from pipeline.olp.registry import Registry
from pipeline.olp.relationship_checker import RelationshipChecker
from pipeline.olp.role import BatchedLogic, Prompt, RoleLogic
from pipeline.olp.topic_finder import TopicFinder
from pipeline.olp.topic_locator import TopicLocator
from schemas.role_task import RoleTask
from schemas.roles import BATCHED_ROLES, Role
from tests.in_memory_models import arm
from tests.role_tasks import GARDEN, found, resolved, role_task, window

LOGIC: Sequence[RoleLogic] = (
    TopicFinder(),
    TopicLocator(),
    RelationshipChecker(Registry()),
    ContentOrganizer(),
)


def task(role: Role, texts: Sequence[str], names: Sequence[str]) -> RoleTask:
    return role_task(
        role,
        window(texts, window_id=" ".join(names)),
        found(*names),
        [(n, 1, len(texts)) for n in range(1, len(names) + 1)],
        [resolved(name, n) for n, name in enumerate(names, start=1)],
    )


def prompts(logic: RoleLogic) -> tuple[Prompt, Prompt]:
    short = task(logic.role, ["Here stands the rose.", "It is red."], ["rose"])
    long = task(logic.role, ["The oak is old."] * 9, ["oak", "elm", "ash"])
    return logic.prompt(short, GARDEN), logic.prompt(long, GARDEN)


@pytest.mark.parametrize("logic", LOGIC, ids=lambda logic: logic.role.value)
def test_the_first_message_is_the_same_for_every_window(logic: RoleLogic) -> None:
    one, other = prompts(logic)
    assert one.messages[0] == other.messages[0]
    assert one.messages[0][0] == "system"
    assert one.messages[1] != other.messages[1]
    assert (one.version == other.version, one.digest == other.digest) == (True, False)


@pytest.mark.parametrize("logic", LOGIC, ids=lambda logic: logic.role.value)
def test_without_bounds_all_parameters_are_the_same_too(logic: RoleLogic) -> None:
    dialect = Dialect.declared(arm("a", schema_bounds=False))

    def parameters(prompt: Prompt) -> dict[str, Any]:
        found = dialect.parameters(dict(prompt.json_schema), 1)
        assert found["response_format"]["json_schema"]["schema"]["required"]
        return found

    one, other = prompts(logic)
    assert parameters(one) == parameters(other)


@pytest.mark.parametrize("logic", LOGIC, ids=lambda logic: logic.role.value)
def test_all_parts_of_a_batched_run_begin_alike(logic: RoleLogic) -> None:
    if not isinstance(logic, BatchedLogic):
        assert logic.role not in BATCHED_ROLES
        return
    of = task(logic.role, ["The oak is old."] * 9, ["oak", "elm", "ash"])
    parts = [logic.prompt(of, GARDEN, only=frozenset({n})) for n in (1, 2, 3)]
    dialect = Dialect.declared(arm("a", schema_bounds=False))
    whole = logic.prompt(of, GARDEN)
    for part in parts:
        assert part.messages[0] == whole.messages[0]
        assert (part.version, part.digest == whole.digest) == (whole.version, False)
        assert dialect.parameters(dict(part.json_schema), 1) == dialect.parameters(
            dict(whole.json_schema), 1
        )
