"""Lets as many calls through at once as a breaker allows; the others wait, or are turned away."""

import asyncio
from typing import NoReturn

from pipeline.models.breaker import Breaker, BreakerState
from pipeline.models.completion import ModelRestsError


class Gate:
    """The gate of one arm or provider; `name` is for messages."""

    def __init__(self, name: str, breaker: Breaker) -> None:
        self.name = name
        self.breaker = breaker
        self._inside = self._waiting = 0
        self._generation = breaker.generation
        self._moved = asyncio.Event()

    @property
    def probing(self) -> bool:
        """Whether the one call is under way that shows if it works again."""
        state = self.breaker.state
        self._catch_up()
        return state is BreakerState.HALF_OPEN and self._inside > 0

    async def enter(self, in_flight: int) -> int:
        """Wait for a place; gives the generation to leave and to report with.

        Raises ModelRestsError as soon as the breaker is open.
        """
        while True:
            limit = self.breaker.limit(in_flight)
            self._catch_up()
            if limit == 0:
                self.turn_away()
            if self._inside < limit:
                self._inside += 1
                return self._generation
            self._waiting += 1
            try:
                await self._moved.wait()
            finally:
                self._waiting -= 1

    def turn_away(self) -> NoReturn:
        """Raise the ModelRestsError that says how long the breaker stays open."""
        for_s = self.breaker.returns_in_s
        why = f" ({self.breaker.reason})" if self.breaker.reason else ""
        raise ModelRestsError(f"{self.name}: rests for {for_s:.1f} s{why}", for_s)

    def leave(self, generation: int) -> None:
        """Give the place back, after the result was reported to the breaker."""
        self._catch_up()
        if generation == self._generation:
            self._inside -= 1
        if self._waiting:
            moved, self._moved = self._moved, asyncio.Event()
            moved.set()

    def _catch_up(self) -> None:
        if self._generation != self.breaker.generation:
            self._generation = self.breaker.generation
            self._inside = 0
