"""When a failed call is made again at once, and after how long."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random

from pipeline.clock import Clock
from pipeline.models.completion import (
    ModelFaultError,
    ModelRateLimitedError,
    ModelUnavailableError,
)

Sleep = Callable[[float], Awaitable[None]]
_AT_ONCE = (ModelRateLimitedError, ModelUnavailableError)


@dataclass(frozen=True)
class Backoff:
    """Waits in seconds: `first_s`, doubled up to `most_s`, the upper half of it at random.

    An endpoint that asks for more than `patience_s` is left alone, and another arm is asked.
    """

    first_s: float = 0.5
    most_s: float = 8.0
    patience_s: float = 5.0

    def delay_s(self, failures: int, rng: Random) -> float:
        """How long to wait after so many failures in a row."""
        top = min(self.first_s * 2 ** min(failures - 1, 16), self.most_s)
        return rng.uniform(top / 2, top)


class Retries:
    """Repeats what may succeed a moment later: a rate limit, a failure of the endpoint itself.

    A time-out is not repeated, as another arm is quicker than a second one; nor is a mistake in
    the declaration, nor what the breaker holds back.
    """

    def __init__(
        self,
        clock: Clock,
        rng: Random,
        sleep: Sleep = asyncio.sleep,
        backoff: Backoff | None = None,
    ) -> None:
        self.clock = clock
        self.sleep = sleep
        self.rng = rng
        self.backoff = backoff or Backoff()

    def again_in_s(
        self, fault: ModelFaultError, failures: int, most: int, deadline_s: float | None
    ) -> float | None:
        """Seconds until the next attempt after `failures`, None if there is to be none.

        `most` bounds the repetitions, `deadline_s` is the clock's time that no wait may pass.
        """
        if failures > most or not isinstance(fault, _AT_ONCE):
            return None
        wait_s = self.backoff.delay_s(failures, self.rng)
        if fault.retry_after_s is not None:
            if fault.retry_after_s > self.backoff.patience_s:
                return None
            # Never early, and not all at the same moment; the breaker rests a tenth longer at most.
            wait_s = fault.retry_after_s * self.rng.uniform(1.1, 1.3) + 0.01
        if deadline_s is not None and self.clock.monotonic() + wait_s >= deadline_s:
            return None
        return wait_s
