"""The pool: every arm by name, each with a bound on its calls in flight; it changes while used."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pipeline.clock import Clock
from pipeline.config import ModelSettings
from pipeline.errors import ConfigurationError
from pipeline.models.client import ModelClient
from pipeline.models.completion import Completion
from pipeline.models.prices import cost_usd


class Completes(Protocol):
    """Something that answers a chat: the client of one endpoint, or a stand-in for a unit test."""

    async def complete(
        self,
        messages: Sequence[tuple[str, str]],
        json_schema: Mapping[str, Any],
        max_output_tokens: int,
    ) -> Completion:
        """One call."""
        ...

    async def close(self) -> None:
        """Release what it holds."""
        ...


@dataclass
class _Place:
    """An arm as it was declared at one time; `calls` are under way or wait for a free place."""

    settings: ModelSettings
    client: Completes
    free: asyncio.Semaphore
    calls: int = 0
    replaced: bool = False


class ModelPool:
    """All arms of a deployment.

    An arm can be added, declared anew or retired while calls are under way: those end as they
    began, at the prices of their start. A retired arm is offered no more, but a decision that was
    drawn before may still ask it.
    """

    def __init__(self, arms: Iterable[tuple[ModelSettings, Completes]]) -> None:
        self._places: dict[str, _Place] = {}
        self._retired: set[str] = set()
        self._closing: set[asyncio.Task[None]] = set()
        for settings, client in arms:
            self.put(settings, client)

    @classmethod
    def from_settings(cls, models: Iterable[ModelSettings], clock: Clock) -> "ModelPool":
        """A pool of real endpoints. Raises ConfigurationError if a key is missing or none is set.

        An arm whose settings are fine but whose endpoint is away is in the pool all the same.
        """
        arms = [(settings, ModelClient(settings, clock)) for settings in models]
        if not arms:
            raise ConfigurationError("no models: add at least one [[models]] to the configuration")
        return cls(arms)

    def put(self, settings: ModelSettings, client: Completes) -> None:
        """Add an arm, or declare the one of that name anew: prices, limits, endpoint."""
        name = settings.name
        before = self._places.get(name)
        free = asyncio.Semaphore(settings.in_flight)
        if before is not None and before.settings.in_flight == settings.in_flight:
            free = before.free
        self._places[name] = _Place(settings, client, free)
        self._retired.discard(name)
        if before is not None:
            before.replaced = True
            self._close_if_idle(before)

    def retire(self, name: str) -> None:
        """Offer the arm no more; nothing happens if it is not in the pool."""
        if name in self._places:
            self._retired.add(name)

    def names(self, role: str) -> tuple[str, ...]:
        """The arms that may serve `role`, cheapest first by declared prices."""
        able = [settings for settings in self._live() if settings.serves(role)]
        return tuple(s.name for s in sorted(able, key=lambda s: (_nominal(s), s.name)))

    def settings(self, name: str) -> ModelSettings:
        """The arm's declaration, also a retired one's. Raises KeyError for an unknown name."""
        return self._places[name].settings

    def __contains__(self, name: object) -> bool:
        return name in self._places and name not in self._retired

    @property
    def dearest(self) -> ModelSettings:
        """The arm whose declared prices are the highest."""
        return max(self._live(), key=_nominal)

    @property
    def smallest_context_tokens(self) -> int:
        """The context length that a window has to fit into."""
        every = [place.settings for place in self._places.values()]
        return min(settings.context_tokens for settings in self._live() or every)

    async def complete(
        self,
        name: str,
        messages: Sequence[tuple[str, str]],
        json_schema: Mapping[str, Any],
        max_output_tokens: int,
    ) -> Completion:
        """One call of the arm `name`, waiting for a free place among its calls in flight."""
        place = self._places[name]
        place.calls += 1
        try:
            async with place.free:
                return await place.client.complete(messages, json_schema, max_output_tokens)
        finally:
            place.calls -= 1
            self._close_if_idle(place)

    async def close(self) -> None:
        """Close all clients."""
        await asyncio.gather(*self._closing, return_exceptions=True)
        for place in self._places.values():
            await place.client.close()

    def _live(self) -> list[ModelSettings]:
        return [p.settings for name, p in self._places.items() if name not in self._retired]

    def _close_if_idle(self, place: _Place) -> None:
        if place.replaced and place.calls == 0:
            task = asyncio.get_running_loop().create_task(place.client.close())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)


def _nominal(settings: ModelSettings) -> float:
    return cost_usd(settings, 1000, 0, 300)
