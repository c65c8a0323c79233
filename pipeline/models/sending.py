"""Tells when a request has been sent, which is later than when its call began."""

from collections.abc import Callable
from contextvars import ContextVar

Tell = Callable[[], None]

SENT: ContextVar[Tell | None] = ContextVar("sent", default=None)
"""Called when the last byte of a request is out; set by who makes the call."""
