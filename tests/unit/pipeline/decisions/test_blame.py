"""Who is charged for what only shows downstream."""

from collections.abc import Iterable

import pytest

from pipeline.decisions.blame import bad_format, empty_subjects
from schemas.messages import ProducedBy
from schemas.rewards import Outcome, QualitySource
from schemas.role_task import OrganizedSentence, RoleTask
from schemas.roles import Role
from tests.role_tasks import AT, found, resolved, role_task, window

AUTHORS = {
    role.value: ProducedBy(model=f"{role.value}-arm", prompt_version="v", decision_id=role.value)
    for role in (Role.TOPIC_FINDER, Role.TOPIC_LOCATOR, Role.CONTENT_ORGANIZER)
}


def organised(
    spans: Iterable[tuple[int, int, int]], categories: dict[int, tuple[str, ...]]
) -> RoleTask:
    """A rose and an oak; `categories` of the one sentence of each."""
    return role_task(
        Role.FORMAT_CHECKER,
        window(["Here stands the rose.", "It is red.", "The oak is old."]),
        found("rose", "oak"),
        spans,
        [resolved("rose", 1), resolved("oak", 2)],
        [
            OrganizedSentence(subject=number, seq=number, categories=names)
            for number, names in categories.items()
        ],
        AUTHORS,
    )


def test_subjects_that_all_came_to_something_charge_nobody() -> None:
    fine = organised([(1, 1, 2), (2, 3, 3)], {1: ("look",), 2: ("look",)})
    assert empty_subjects(fine, AT) == ()


@pytest.mark.parametrize(
    ("spans", "categories", "checks"),
    [
        ([(1, 1, 2)], {1: ("look",)}, {"subjects_placed": False, "subjects_not_filler": True}),
        (
            [(1, 1, 2), (2, 3, 3)],
            {1: ("look",), 2: ()},
            {"subjects_placed": True, "subjects_not_filler": False},
        ),
    ],
)
def test_a_subject_that_came_to_nothing_charges_the_finder(
    spans: list[tuple[int, int, int]], categories: dict[int, tuple[str, ...]], checks: object
) -> None:
    (event,) = empty_subjects(organised(spans, categories), AT)
    assert (event.role, event.model) == (Role.TOPIC_FINDER, "topic_finder-arm")
    assert (event.decision_id, event.late) == ("topic_finder", True)
    assert (event.quality, event.quality_source) == (0.5, QualitySource.CHECKS)
    assert event.checks == checks
    assert (event.cost_usd, event.latency_s) == (0.0, 0.0)


def test_where_nothing_came_to_anything_the_finder_may_be_innocent() -> None:
    assert empty_subjects(organised([], {}), AT) == ()
    assert empty_subjects(organised([(1, 1, 2), (2, 3, 3)], {1: (), 2: ()}), AT) == ()


def test_a_subject_that_was_united_with_another_came_to_something() -> None:
    united = organised([(1, 1, 2), (2, 3, 3)], {1: ("look",)}).model_copy(
        update={"resolved": (resolved("rose", 1, 2),)}
    )
    assert empty_subjects(united, AT) == ()


def test_a_bad_format_charges_the_organizer() -> None:
    (event,) = bad_format(organised([(1, 1, 2)], {1: ("look",)}), AT)
    assert (event.role, event.outcome, event.quality) == (
        Role.CONTENT_ORGANIZER,
        Outcome.INVALID,
        0.0,
    )
    assert event.late


def test_code_and_nobody_are_not_charged() -> None:
    task = organised([(1, 1, 2)], {1: ("look",)})
    assert empty_subjects(task.model_copy(update={"produced_by": {}}), AT) == ()
    by_code = ProducedBy(model="code", prompt_version="v", decision_id="d")
    code = task.model_copy(update={"produced_by": {Role.TOPIC_FINDER.value: by_code}})
    assert empty_subjects(code, AT) == ()
