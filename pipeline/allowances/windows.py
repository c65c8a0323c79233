"""A limit in any sliding window: what was used by when, and what is free now."""

from collections import deque
from collections.abc import Iterable

_BUCKETS = 240


class SlidingWindow:
    """At most `limit` may be used in any `window_s` seconds; times are the coordinator's.

    What is free now, held amounts left aside, may be granted now: of the amounts used in any
    window the last one granted saw all others, either as used within a window before or as held.
    Uses are kept in buckets of a 240th of the window, each at its latest time.
    """

    def __init__(
        self, limit: float, window_s: float, used: Iterable[tuple[float, float]] = ()
    ) -> None:
        self.limit = limit
        self.window_s = window_s
        self._step_s = window_s / _BUCKETS
        self._used: deque[tuple[float, float]] = deque(sorted(used))

    def add(self, at_s: float, amount: float) -> None:
        """`amount` was used at `at_s` or before."""
        if amount <= 0:
            return
        later: list[tuple[float, float]] = []
        while self._used and self._used[-1][0] > at_s:
            later.append(self._used.pop())
        if self._used and self._used[-1][0] // self._step_s == at_s // self._step_s:
            amount += self._used.pop()[1]
        self._used.append((at_s, amount))
        self._used.extend(reversed(later))

    def used(self, now_s: float) -> float:
        """What counts against the limit now."""
        while self._used and self._used[0][0] <= now_s - self.window_s:
            self._used.popleft()
        return sum(amount for _, amount in self._used)

    def entries(self) -> tuple[tuple[float, float], ...]:
        """The uses that still count, oldest first."""
        return tuple(self._used)
