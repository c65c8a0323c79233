"""How many calls a run makes: by batch size, and by what the context leaves room for."""

import pytest

from pipeline.decisions.parts import makespan_s, parts_of
from pipeline.models.tokens import estimated_tokens
from pipeline.olp.content_organizer import ContentOrganizer
from pipeline.olp.role import Prompt
from pipeline.olp.topic_finder import TopicFinder
from pipeline.olp.topic_locator import TopicLocator
from schemas.role_task import RoleTask
from schemas.roles import Role
from tests.in_memory_models import arm
from tests.role_tasks import GARDEN, found, resolved, role_task, window

NAMES = ["rose", "fern", "oak", "elm", "ash"]
TEXTS = [f"The {NAMES[n // 6]} stands at place {n}, and so on and so forth." for n in range(30)]
LOCATOR = role_task(Role.TOPIC_LOCATOR, window(TEXTS), found(*NAMES))


def organizer_task() -> RoleTask:
    """Every subject has six sentences of its own."""
    return role_task(
        Role.CONTENT_ORGANIZER,
        window(TEXTS),
        found(*NAMES),
        [(n, 6 * n - 5, 6 * n) for n in range(1, 6)],
        [resolved(name, n) for n, name in enumerate(NAMES, start=1)],
    )


def tokens(prompt: Prompt) -> int:
    return sum(estimated_tokens(content) for _, content in prompt.messages)


@pytest.mark.parametrize(
    ("size", "parts"),
    [
        (0, [None]),
        (5, [None]),
        (9, [None]),
        (4, [{1, 2}, {3, 4, 5}]),
        (2, [{1}, {2, 3}, {4, 5}]),
        (1, [{1}, {2}, {3}, {4}, {5}]),
    ],
)
def test_a_run_makes_as_few_calls_as_its_batch_size_allows(
    size: int, parts: list[set[int] | None]
) -> None:
    made = parts_of(TopicLocator(), LOCATOR, GARDEN, arm("a", batch_subjects=(size,)))
    assert [part.only for part in made] == parts


def test_a_role_that_is_asked_in_one_call_stays_so() -> None:
    task = role_task(Role.TOPIC_FINDER, window(TEXTS))
    (part,) = parts_of(TopicFinder(), task, GARDEN, arm("a", batch_subjects=(1,)))
    assert part.only is None


def test_what_does_not_fit_is_cut_into_the_largest_parts_that_do() -> None:
    logic, task = ContentOrganizer(), organizer_task()
    two = logic.prompt(task, GARDEN, only=frozenset({1, 2}))
    three = logic.prompt(task, GARDEN, only=frozenset({1, 2, 3}))
    room = tokens(two) + two.max_output_tokens + 20
    assert room < tokens(three) + three.max_output_tokens
    made = parts_of(logic, task, GARDEN, arm("a", context_tokens=room))
    assert [part.only for part in made] == [{1, 2}, {3, 4}, {5}]
    assert all(tokens(p.prompt) + p.prompt.max_output_tokens <= room for p in made)


def test_the_longest_answer_is_the_arm_s_own_bound() -> None:
    logic, task = ContentOrganizer(), organizer_task()
    whole = logic.prompt(task, GARDEN)
    room = tokens(whole) + 100
    assert len(parts_of(logic, task, GARDEN, arm("a", context_tokens=room))) > 1
    small = arm("a", context_tokens=room, max_output_tokens=100)
    assert parts_of(logic, task, GARDEN, small)[0].prompt == whole


def test_where_one_subject_alone_does_not_fit_nothing_is_cut() -> None:
    (part,) = parts_of(TopicLocator(), LOCATOR, GARDEN, arm("a", context_tokens=300))
    assert part.only is None


@pytest.mark.parametrize(
    ("calls_s", "at_once", "all_s"),
    [([], 4, 0.0), ([2.0], 1, 2.0), ([1.0, 3.0, 2.0], 8, 3.0), ([1.0, 3.0, 2.0], 1, 6.0),
     ([1.0, 3.0, 2.0, 4.0], 2, 7.0)],
)  # fmt: skip
def test_calls_side_by_side_take_as_long_as_their_lanes(
    calls_s: list[float], at_once: int, all_s: float
) -> None:
    assert makespan_s(calls_s, at_once) == all_s
