"""Tells when a request has been sent, which is later than when its call began."""

from collections.abc import Callable
from contextvars import ContextVar

import aiohttp

SENT: ContextVar[Callable[[], None] | None] = ContextVar("sent", default=None)
"""Called when the last byte of a request is out; set by who makes the call."""


def tell_when_sent() -> aiohttp.TraceConfig:
    """For an HTTP session: calls SENT, if it is set, once a request's body is written."""

    async def written(session: object, context: object, what: object) -> None:
        tell = SENT.get()
        if tell is not None:
            tell()

    trace = aiohttp.TraceConfig()
    trace.on_request_chunk_sent.append(written)
    return trace
