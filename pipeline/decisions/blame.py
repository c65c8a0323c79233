"""What shows downstream charges the role that caused it, for nothing and after the fact.

A role whose arms gave no acceptable answer, so that its window is dead-lettered, was charged by
their own runs.
"""

from datetime import datetime

from schemas.messages import ProducedBy
from schemas.rewards import DecisionContext, Outcome, QualitySource, RewardEvent, RunKind
from schemas.role_task import RoleTask
from schemas.roles import Role

BLAMING_POLICY = "format-checker"


def bad_format(task: RoleTask, at: datetime) -> tuple[RewardEvent, ...]:
    """The organizer is charged for a window that is not fit to become records."""
    return _late(task, Role.CONTENT_ORGANIZER, Outcome.INVALID, 0.0, {"format": False}, at)


def empty_subjects(task: RoleTask, at: datetime) -> tuple[RewardEvent, ...]:
    """The finder is charged for subjects of the window that came to nothing.

    A subject came to nothing if the locator could not place it, or if all its sentences were
    sorted out as filler. The quality is the share of subjects that came to something. Where none
    did, it is not known who is to blame: the locator's or the organizer's own checks tell.
    """
    located = {span.subject for span in task.spans}
    useful = {
        number
        for index, resolved in enumerate(task.resolved, start=1)
        if any(item.subject == index and item.categories for item in task.organized)
        for number in resolved.numbers
    }
    numbers = {subject.number for subject in task.subjects}
    placed, filled = numbers & located, numbers & useful
    if not filled or filled == numbers:
        return ()
    checks = {"subjects_placed": placed == numbers, "subjects_not_filler": filled >= placed}
    quality = len(filled) / len(numbers)
    return _late(task, Role.TOPIC_FINDER, Outcome.OK, quality, checks, at)


def _late(
    task: RoleTask,
    role: Role,
    outcome: Outcome,
    quality: float,
    checks: dict[str, bool],
    at: datetime,
) -> tuple[RewardEvent, ...]:
    author: ProducedBy | None = task.produced_by.get(role.value)
    if author is None or author.model == "code":
        return ()
    window = task.window
    event = RewardEvent(
        decision_id=author.decision_id,
        window_id=window.window_id,
        domain=window.domain,
        role=role,
        model=author.model,
        kind=RunKind.INCUMBENT,
        propensity=1.0,
        policy=BLAMING_POLICY,
        assignment_version=0,
        prompt_version=author.prompt_version,
        context=DecisionContext(
            lang=window.lang,
            sentences=len(window.sentences),
            subjects=len(task.subjects),
            attempt=task.attempt,
        ),
        outcome=outcome,
        kept=outcome is Outcome.OK,
        late=True,
        checks=checks,
        quality=quality,
        quality_source=QualitySource.CHECKS,
        latency_s=0.0,
        input_tokens=0,
        output_tokens=0,
        cost_usd=0.0,
        reward=0.0,
        at=at,
    )
    return (event,)
