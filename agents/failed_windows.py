"""A window whose task is dead-lettered still gets its account: none of it became a record."""

from agents.delivery import Account, Incoming
from agents.outbox import Outgoing, outgoing
from pipeline.clock import Clock
from schemas.catalogue import WINDOW_OUTCOMES
from schemas.codec import DecodeError, decode
from schemas.messages import WindowOutcome
from schemas.role_task import RoleTask


def failed_window(clock: Clock) -> Account:
    """For the role apps: the outcome of the dead-lettered window, if it can be read."""

    def account(incoming: Incoming, kind: str) -> list[Outgoing]:
        try:
            window = decode(RoleTask, incoming.value).window
        except DecodeError:
            return []
        now = clock.now()
        outcome = WindowOutcome(
            window_id=window.window_id,
            domain=window.domain,
            stream_id=window.stream_id,
            sentences=len(window.sentences),
            recorded=(),
            unassigned=tuple(sentence.seq for sentence in window.sentences),
            subjects=(),
            upserts=0,
            deletes=0,
            final=window.final,
            failed=kind,
            latency_s=max((now - window.at).total_seconds(), 0.0),
            at=now,
        )
        return [outgoing(WINDOW_OUTCOMES, incoming.partition, window.stream_id, outcome)]

    return account
