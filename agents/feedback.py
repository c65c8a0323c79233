"""Feedback from people, turned into late reward events for the decisions it speaks of.

Each worker hears all feedback and answers for the decisions that it made itself and remembers.
"""

import asyncio
import logging

from agents.model_role import reward_messages
from agents.recent_decisions import RecentDecisions
from agents.role_app import RoleApp
from agents.tail import Tail
from pipeline.decisions.late_quality import late_events
from pipeline.metrics import FEEDBACK as FEEDBACK_COUNT
from schemas.catalogue import FEEDBACK
from schemas.codec import DecodeError, decode
from schemas.rewards import Feedback

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
        events = late_events(self._recent.of_stream(feedback.domain, feedback.stream_id), feedback)
        FEEDBACK_COUNT.labels(feedback.domain, "used" if events else "unmatched").inc()
        if events:
            messages = reward_messages(tuple(events), self._role_app)
            task = asyncio.create_task(self._role_app.outbox.send(messages))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)
