"""The pool: every arm by name, each with a bound on its calls in flight."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
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


class ModelPool:
    """All arms of a deployment."""

    def __init__(self, arms: Iterable[tuple[ModelSettings, Completes]]) -> None:
        self._arms = {settings.name: (settings, client) for settings, client in arms}
        self._places = {
            name: asyncio.Semaphore(settings.in_flight)
            for name, (settings, _) in self._arms.items()
        }

    @classmethod
    def from_settings(cls, models: Iterable[ModelSettings], clock: Clock) -> "ModelPool":
        """A pool of real endpoints. Raises ConfigurationError if a key is missing or none is set.

        An arm whose settings are fine but whose endpoint is away is in the pool all the same.
        """
        arms = [(settings, ModelClient(settings, clock)) for settings in models]
        if not arms:
            raise ConfigurationError("no models: add at least one [[models]] to the configuration")
        return cls(arms)

    def names(self, role: str) -> tuple[str, ...]:
        """The arms that may serve `role`, cheapest first by declared prices."""
        able = [settings for settings, _ in self._arms.values() if settings.serves(role)]
        return tuple(s.name for s in sorted(able, key=lambda s: (_nominal(s), s.name)))

    def settings(self, name: str) -> ModelSettings:
        """The arm's declaration. Raises KeyError for a name that is not in the pool."""
        return self._arms[name][0]

    def __contains__(self, name: object) -> bool:
        return name in self._arms

    @property
    def dearest(self) -> ModelSettings:
        """The arm whose declared prices are the highest."""
        return max((settings for settings, _ in self._arms.values()), key=_nominal)

    @property
    def smallest_context_tokens(self) -> int:
        """The context length that a window has to fit into."""
        return min(settings.context_tokens for settings, _ in self._arms.values())

    async def complete(
        self,
        name: str,
        messages: Sequence[tuple[str, str]],
        json_schema: Mapping[str, Any],
        max_output_tokens: int,
    ) -> Completion:
        """One call of the arm `name`, waiting for a free place among its calls in flight."""
        _, client = self._arms[name]
        async with self._places[name]:
            return await client.complete(messages, json_schema, max_output_tokens)

    async def close(self) -> None:
        """Close all clients."""
        for _, client in self._arms.values():
            await client.close()


def _nominal(settings: ModelSettings) -> float:
    return cost_usd(settings, 1000, 0, 300)
