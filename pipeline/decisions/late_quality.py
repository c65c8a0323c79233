"""What people say of a window, as late reward events of the runs that answered for it."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from pipeline.olp.feedback import quality
from schemas.rewards import Feedback, QualitySource, RewardEvent
from schemas.role_task import RoleTask


class Answered(NamedTuple):
    """The runs of a decision, and each usable one's version of the task, by arm."""

    events: tuple[RewardEvent, ...]
    versions: Mapping[str, RoleTask]


def late_events(decisions: Iterable[Answered], feedback: Feedback) -> list[RewardEvent]:
    """One late reward event for each run of `decisions` that the feedback says something about."""
    events = []
    for decision in decisions:
        for event in decision.events:
            answered = decision.versions.get(event.model)
            if answered is None:
                continue
            score = quality(answered.role, answered, feedback)
            if score is None:
                continue
            events.append(
                event.model_copy(
                    update={
                        "late": True,
                        "quality": score,
                        "quality_source": QualitySource(feedback.source),
                        "cost_usd": 0.0,
                        "judge_cost_usd": 0.0,
                        "latency_s": 0.0,
                        "at": feedback.at,
                    }
                )
            )
    return events
