"""A circuit breaker: takes out what fails, tries it with one probe, then lets traffic back slowly.

Pure: it is told what happened and asked what may happen; no call passes through it.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from pipeline.clock import Clock


class BreakerState(StrEnum):
    """Where a breaker stands; `unproved` has never answered since it was set up or suspected."""

    UNPROVED = "unproved"
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"
    RAMPING = "ramping"


@dataclass(frozen=True)
class BreakerSettings:
    """When a breaker opens, how long it rests, how traffic comes back.

    It opens on `consecutive` failures, or when of the last `recent` results (at least `least`) the
    share `failure_rate` failed. Rests in seconds double from `rest_s` to `most_rest_s`; a breaker
    that was taken out rests from `taken_out_s` to `most_taken_out_s`. After its probe it admits
    each share of `ramp` until `steps` calls in a row have succeeded.
    """

    consecutive: int = 5
    recent: int = 20
    least: int = 10
    failure_rate: float = 0.6
    rest_s: float = 2.0
    most_rest_s: float = 60.0
    taken_out_s: float = 60.0
    most_taken_out_s: float = 900.0
    ramp: tuple[float, ...] = (0.1, 0.25, 0.5)
    steps: int = 3
    failures_in_ramp: int = 2


class Breaker:
    """One breaker; `rng` spreads its rests by a tenth, so that workers do not probe in step.

    `reason` is why it opened last. A result is told with the `generation` at which its call
    began; older ones count no more.
    """

    def __init__(self, clock: Clock, rng: Random, settings: BreakerSettings | None = None) -> None:
        self.generation = 0
        self.reason = ""
        self._clock = clock
        self._rng = rng
        self._settings = settings or BreakerSettings()
        self._changed: Callable[[str], None] = lambda reason: None
        self._state = BreakerState.UNPROVED
        self._until_s = 0.0
        self._rests = 0
        self._asked = False
        self._failures = 0
        self._stage = 0
        self._successes = 0
        self._results: deque[bool] = deque(maxlen=self._settings.recent)

    def on_change(self, changed: Callable[[str], None]) -> None:
        """Call `changed` after every change of state with the reason, "" if none was given."""
        self._changed = changed

    @property
    def state(self) -> BreakerState:
        """Where it stands now; a rest that is over makes it half open.

        After a rest that was asked for there is nothing to find out: it starts on the last step.
        """
        if self._state is BreakerState.OPEN and self._clock.monotonic() >= self._until_s:
            if self._asked and self._settings.ramp:
                self._stage = len(self._settings.ramp) - 1
                self._enter(BreakerState.RAMPING)
            else:
                self._enter(BreakerState.HALF_OPEN)
        return self._state

    @property
    def returns_in_s(self) -> float:
        """Seconds until it may be probed; 0 unless it is open."""
        if self.state is not BreakerState.OPEN:
            return 0.0
        return self._until_s - self._clock.monotonic()

    @property
    def share(self) -> float:
        """The share of its traffic that it should be given now."""
        if self.state is BreakerState.OPEN:
            return 0.0
        return self._settings.ramp[self._stage] if self.state is BreakerState.RAMPING else 1.0

    def limit(self, in_flight: int) -> int:
        """How many calls it allows at once, of `in_flight` at most; 0 if it is open."""
        state = self.state
        if state is BreakerState.OPEN:
            return 0
        if state in (BreakerState.UNPROVED, BreakerState.HALF_OPEN):
            return 1
        return max(1, round(self.share * in_flight))

    def succeeded(self, generation: int) -> None:
        """A call was answered."""
        if generation != self.generation or self.state is BreakerState.OPEN:
            return
        self._results.append(True)
        self._failures = 0
        state = self._state
        if state is BreakerState.UNPROVED:
            self._rests = 0
            self._enter(BreakerState.CLOSED)
        elif state is BreakerState.HALF_OPEN:
            self._stage = self._successes = 0
            self._results.clear()
            self._enter(BreakerState.RAMPING if self._settings.ramp else BreakerState.CLOSED)
        elif state is BreakerState.RAMPING:
            self._successes += 1
            if self._successes >= self._settings.steps:
                self._climb()

    def failed(self, generation: int, reason: str = "", answered: bool = False) -> None:
        """A call failed: it opens at once if this was its probe, else by the settings.

        `answered`: something came back, which is proof enough that it is there.
        """
        if generation != self.generation or self.state is BreakerState.OPEN:
            return
        if answered and self._state is BreakerState.UNPROVED:
            self._enter(BreakerState.CLOSED)
        self._results.append(False)
        self._failures += 1
        self._successes = 0
        settings, state = self._settings, self._state
        if state is BreakerState.RAMPING:
            opens = self._failures >= settings.failures_in_ramp
        elif state is BreakerState.CLOSED:
            bad = self._results.count(False)
            often = bad >= settings.failure_rate * len(self._results)
            opens = self._failures >= settings.consecutive or (
                len(self._results) >= settings.least and often
            )
        else:
            opens = True
        if opens:
            rest_s = min(settings.rest_s * 2**self._rests, settings.most_rest_s)
            self._open(rest_s, reason)

    def take_out(self, generation: int, reason: str = "") -> None:
        """No call can succeed as things are: open for long, longer each time."""
        if generation != self.generation or self.state is BreakerState.OPEN:
            return
        settings = self._settings
        self._open(min(settings.taken_out_s * 2**self._rests, settings.most_taken_out_s), reason)

    def rest(self, for_s: float, reason: str = "") -> None:
        """Asked to be left alone: open for `for_s`, or for what is left of a longer rest."""
        if self.returns_in_s >= for_s:
            return
        rests = self._rests
        self._open(for_s, reason)
        self._rests, self._asked = rests, True

    def suspect(self, generation: int) -> None:
        """Something went wrong that need not be its fault: let one call through before others."""
        if generation == self.generation and self.state is BreakerState.CLOSED:
            self._enter(BreakerState.UNPROVED)

    def _climb(self) -> None:
        self._stage += 1
        self._successes = 0
        if self._stage < len(self._settings.ramp):
            self._changed("")
            return
        self._stage = self._rests = 0
        self._state = BreakerState.CLOSED
        self._changed("")

    def _open(self, rest_s: float, reason: str) -> None:
        self.reason = reason
        self._until_s = self._clock.monotonic() + rest_s * self._rng.uniform(1.0, 1.1)
        self._rests = min(self._rests + 1, 16)
        self._failures = self._stage = self._successes = 0
        self._asked = False
        self._results.clear()
        self._enter(BreakerState.OPEN, reason)

    def _enter(self, state: BreakerState, reason: str = "") -> None:
        if state in (BreakerState.OPEN, BreakerState.HALF_OPEN, BreakerState.UNPROVED):
            self.generation += 1
        self._state = state
        self._changed(reason)
