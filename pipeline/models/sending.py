"""Tells when a request has been sent, which is later than when its call began."""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

SENT: ContextVar[Callable[[], None] | None] = ContextVar("sent", default=None)
"""Called when the last byte of a request is out; set by who makes the call."""

_LAST_BYTE = "send_request_body.complete"


async def follow_sending(request: Any) -> None:
    """A request hook of the HTTP client: has it trace the request if somebody wants to know."""
    tell = SENT.get()
    if tell is None:
        return

    async def trace(event: str, info: object) -> None:
        if event.endswith(_LAST_BYTE):
            tell()

    request.extensions["trace"] = trace
