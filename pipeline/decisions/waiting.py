"""What a decision does while arms that may still answer are away: it waits, and says so."""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.metrics import WINDOWS_WAITING
from pipeline.models.pool import ModelPool

log = logging.getLogger("rolestream.models")

LOOK_AGAIN_S = 5.0
"""The longest sleep at a stretch, so that arms that change meanwhile are seen."""


class Waiting:
    """Counts the windows that wait for models, by role; one log line when the first one does."""

    def __init__(self, pool: ModelPool) -> None:
        self._pool = pool
        self._now: Counter[str] = Counter()

    @contextmanager
    def for_models(self, role: str, why: str) -> Iterator[None]:
        """While a window of `role` waits; `why` says what is wrong with its models."""
        self._now[role] += 1
        WINDOWS_WAITING.labels(role).set(self._now[role])
        if self._now[role] == 1:
            log.warning("%s waits, every model is away: %s", role, why)
        try:
            yield
        finally:
            self._now[role] -= 1
            WINDOWS_WAITING.labels(role).set(self._now[role])
            if self._now[role] == 0:
                log.info("%s waits no more", role)

    async def until_one_may_answer(
        self, models: tuple[str, ...], rounds: int, deadline_s: float
    ) -> tuple[str, ...]:
        """Sleep until an arm may be tried; gives those that may, none once `deadline_s` is over.

        An arm whose breaker is closed is tried again after a back-off that grows with `rounds`.
        """
        retries = self._pool.retries
        ready_s = retries.clock.monotonic() + retries.backoff.delay_s(rounds, retries.rng)
        while (left_s := deadline_s - retries.clock.monotonic()) > 0.0:
            known = [model for model in models if model in self._pool]
            if not known:
                return ()
            pause_s = min(self._pool.returns_in_s(model) for model in known)
            pause_s = max(pause_s, ready_s - retries.clock.monotonic())
            if pause_s <= 0.0:
                return tuple(m for m in known if self._pool.returns_in_s(m) <= 0.0)
            await retries.sleep(min(pause_s, left_s, LOOK_AGAIN_S))
            await asyncio.sleep(0)
        return ()
