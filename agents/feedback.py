"""Feedback from people, turned into late reward events for the decisions it speaks of.

Each worker hears all feedback and answers for the decisions that it made itself and remembers.
"""

import asyncio
import logging

from agents.model_role import reward_messages
from agents.outbox import BrokerAwayError, Outgoing
from agents.recent_decisions import RecentDecisions
from agents.role_app import RoleApp
from agents.tail import Tail
from pipeline.decisions.late_quality import late_events
from pipeline.errors import InvalidInputError
from pipeline.metrics import FEEDBACK as FEEDBACK_COUNT
from schemas.catalogue import FEEDBACK
from schemas.codec import DecodeError, decode
from schemas.rewards import Feedback

log = logging.getLogger("rolestream.feedback")

_RETRY_S = 1.0
_STOP_S = 3.0


class FeedbackListener:
    """Scores remembered decisions by the feedback that comes in, sent by `role_app`.

    One piece of feedback may concern every decision that is remembered of a stream, so the next one
    is taken when the broker has all events of the one before.
    """

    def __init__(self, role_app: RoleApp, recent: RecentDecisions) -> None:
        self._role_app = role_app
        self._recent = recent
        self._tail = Tail(role_app.kafka, FEEDBACK, self._heard, from_start=False, room=self.room)
        self._sending: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listen from now on."""
        await self._tail.start()

    async def stop(self) -> None:
        """Stop listening and finish what is being sent, if the broker takes it soon."""
        await self._tail.stop()
        if self._sending is not None:
            await asyncio.wait([self._sending], timeout=_STOP_S)
            self._sending.cancel()
            await asyncio.wait([self._sending])

    async def room(self) -> None:
        """Wait until what was heard is with the broker."""
        if self._sending is not None:
            await asyncio.wait([self._sending])

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
            self._sending = asyncio.create_task(self._send(messages))

    async def _send(self, messages: list[Outgoing]) -> None:
        while True:
            try:
                await self._role_app.outbox.send(messages)
            except BrokerAwayError as error:
                log.warning("feedback: %s; trying again", error)
                await asyncio.sleep(_RETRY_S)
            except InvalidInputError as error:
                log.warning("feedback is not used: %s", error)
                return
            else:
                return
