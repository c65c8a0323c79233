"""Time as a dependency: code that needs the time is handed a clock, so tests can set it."""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Where the time comes from."""

    def now(self) -> datetime:
        """The wall-clock time in UTC, for stamps that leave the process."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back, for durations and ages."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The wall-clock time in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds from an arbitrary start."""
        return time.monotonic()


class ManualClock:
    """A clock that stands still until it is moved; for tests and replays."""

    def __init__(self, start: datetime | None = None) -> None:
        self._now = start or datetime(2026, 1, 1, tzinfo=UTC)
        self._elapsed_s = 0.0

    def now(self) -> datetime:
        """The time it was set to, plus what it was moved by."""
        return self._now + timedelta(seconds=self._elapsed_s)

    def monotonic(self) -> float:
        """Seconds it was moved by."""
        return self._elapsed_s

    def advance(self, seconds: float) -> None:
        """Move on by `seconds`."""
        self._elapsed_s += seconds
