"""Feedback from people, turned into late reward events for the decisions it speaks of.

Each worker hears all feedback and answers for the decisions that it made itself and remembers.
"""

import asyncio
import logging

from agents.model_role import RecentDecisions, reward_messages
from agents.role_app import RoleApp
from agents.tail import Tail
from pipeline.metrics import FEEDBACK as FEEDBACK_COUNT
from pipeline.olp.feedback import quality
from schemas.catalogue import FEEDBACK
from schemas.codec import DecodeError, decode
from schemas.rewards import Feedback, QualitySource, RewardEvent

log = logging.getLogger("rolestream.feedback")


class FeedbackListener:
    """Scores remembered decisions by the feedback that comes in, sent by `role_app`."""

    def __init__(self, role_app: RoleApp, recent: RecentDecisions) -> None:
        self._role_app = role_app
        self._recent = recent
        self._tail = Tail(role_app.kafka, FEEDBACK, self._heard, from_start=False)
        self._sending: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen from now on."""
        await self._tail.start()

    async def stop(self) -> None:
        """Stop listening and finish what is being sent."""
        await self._tail.stop()
        await asyncio.gather(*self._sending, return_exceptions=True)

    def _heard(self, key: str, value: bytes | None) -> None:
        try:
            feedback = decode(Feedback, value)
        except DecodeError as error:
            log.warning("feedback that cannot be read: %s", error)
            FEEDBACK_COUNT.labels("unknown", "unreadable").inc()
            return
        events = late_events(self._recent, feedback)
        FEEDBACK_COUNT.labels(feedback.domain, "used" if events else "unmatched").inc()
        if events:
            messages = reward_messages(tuple(events), self._role_app)
            task = asyncio.create_task(self._role_app.outbox.send(messages))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)


def late_events(recent: RecentDecisions, feedback: Feedback) -> list[RewardEvent]:
    """One late reward event for each remembered run that the feedback says something about."""
    events = []
    for task, served in recent.of_stream(feedback.domain, feedback.stream_id):
        for event in served.events:
            answered = served.versions.get(event.model)
            if answered is None:
                continue
            score = quality(task.role, answered, feedback)
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
