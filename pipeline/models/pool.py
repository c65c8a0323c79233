"""The pool: every arm by name, each with a bound on its calls in flight; it changes while used."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Protocol

from prometheus_client import Counter

from pipeline.clock import Clock, SystemClock
from pipeline.config import ModelSettings
from pipeline.errors import ConfigurationError
from pipeline.metrics import MODEL_CALLS
from pipeline.models.client import ModelClient
from pipeline.models.completion import (
    Completion,
    ModelFaultError,
    ModelMisconfiguredError,
    ModelRateLimitedError,
    ModelRefusedError,
    ModelTimeoutError,
)
from pipeline.models.gate import Gate
from pipeline.models.gates import arm_gate, provider_gate, told
from pipeline.models.prices import cost_usd
from pipeline.models.provider import Provider
from pipeline.models.retries import Retries, Sleep


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

    async def reach(self) -> None:
        """Find out whether the provider is there. Raises a ModelFaultError if it is not."""
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
    gate: Gate
    provider: Provider
    answered: Counter
    calls: int = 0
    replaced: bool = False


@dataclass
class _Offer:
    """What follows from the arms on offer, found out once after each change; names by role."""

    names: dict[str, tuple[str, ...]]
    dearest: ModelSettings | None = None
    smallest_context: int | None = None


class ModelPool:
    """All arms of a deployment.

    An arm can be added, declared anew or retired while calls are under way: those end as they
    began, at the prices of their start. A retired arm is offered no more, but a decision that was
    drawn before may still ask it. Every arm has a breaker, every base URL another.
    """

    def __init__(
        self,
        arms: Iterable[tuple[ModelSettings, Completes]],
        clock: Clock | None = None,
        rng: Random | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._clock = clock or SystemClock()
        self._rng = rng or Random()  # noqa: S311 - spreads retries, no secret
        self.retries = Retries(self._clock, self._rng, sleep)
        self._places: dict[str, _Place] = {}
        self._providers: dict[str, Provider] = {}
        self._retired: set[str] = set()
        self._now = _Offer({})
        self._closing: set[asyncio.Task[None]] = set()
        for settings, client in arms:
            self.put(settings, client)

    @classmethod
    def from_settings(
        cls,
        models: Iterable[ModelSettings],
        clock: Clock,
        connect: Callable[[ModelSettings], Completes] | None = None,
    ) -> "ModelPool":
        """A pool of real endpoints. Raises ConfigurationError if a key is missing or none is set.

        An arm whose settings are fine but whose endpoint is away is in the pool all the same.
        `connect` makes the client of an arm.
        """
        make = connect or (lambda settings: ModelClient(settings, clock))
        arms = [(settings, make(settings)) for settings in models]
        if not arms:
            raise ConfigurationError("no models: add at least one [[models]] to the configuration")
        return cls(arms, clock)

    def put(self, settings: ModelSettings, client: Completes) -> None:
        """Add an arm, or declare the one of that name anew: prices, limits, endpoint."""
        name = settings.name
        before = self._places.get(name)
        free = asyncio.Semaphore(settings.in_flight)
        gate = arm_gate(name, self._clock, self._rng)
        if before is not None and before.settings.in_flight == settings.in_flight:
            free = before.free
        if before is not None and _endpoint(before.settings) == _endpoint(settings):
            gate = before.gate
        provider = self._providers.get(settings.base_url)
        if provider is None:
            provider = Provider(provider_gate(settings.base_url, self._clock, self._rng))
            self._providers[settings.base_url] = provider
        answered = MODEL_CALLS.labels(name, "answered")
        self._places[name] = _Place(settings, client, free, gate, provider, answered)
        self._retired.discard(name)
        self._now = _Offer({})
        if before is not None:
            before.replaced = True
            self._close_if_idle(before)

    def retire(self, name: str) -> None:
        """Offer the arm no more; nothing happens if it is not in the pool."""
        if name in self._places:
            self._retired.add(name)
            self._now = _Offer({})

    def names(self, role: str) -> tuple[str, ...]:
        """The arms that may serve `role`, cheapest first by declared prices."""
        known = self._now.names.get(role)
        if known is None:
            able = [settings for settings in self._live() if settings.serves(role)]
            known = tuple(s.name for s in sorted(able, key=lambda s: (_nominal(s), s.name)))
            self._now.names[role] = known
        return known

    def settings(self, name: str) -> ModelSettings:
        """The arm's declaration, also a retired one's. Raises KeyError for an unknown name."""
        return self._places[name].settings

    def calls_in_flight(self) -> dict[str, int]:
        """Calls under way or waiting for a free place, by arm."""
        return {name: place.calls for name, place in self._places.items()}

    def share(self, name: str) -> float:
        """The share of its traffic that the arm can take now: 0 while a breaker holds it back."""
        place = self._places[name]
        if place.gate.probing or place.provider.gate.breaker.share == 0.0:
            return 0.0
        return place.gate.breaker.share

    def returns_in_s(self, name: str) -> float:
        """Seconds until the arm may be tried; 0 unless a breaker holds it back."""
        place = self._places[name]
        breakers = (place.gate.breaker, place.provider.gate.breaker)
        return max(breaker.returns_in_s for breaker in breakers)

    def __contains__(self, name: object) -> bool:
        return name in self._places and name not in self._retired

    @property
    def dearest(self) -> ModelSettings:
        """The arm whose declared prices are the highest."""
        if self._now.dearest is None:
            self._now.dearest = max(self._live(), key=_nominal)
        return self._now.dearest

    @property
    def smallest_context_tokens(self) -> int:
        """The context length that a window has to fit into."""
        if self._now.smallest_context is None:
            every = [place.settings for place in self._places.values()]
            least = min(settings.context_tokens for settings in self._live() or every)
            self._now.smallest_context = least
        return self._now.smallest_context

    async def complete(
        self,
        name: str,
        messages: Sequence[tuple[str, str]],
        json_schema: Mapping[str, Any],
        max_output_tokens: int,
    ) -> Completion:
        """One call of the arm `name`, waiting for a free place among its calls in flight.

        Raises ModelRestsError, without a call, while a breaker holds the arm back.
        """
        place = self._places[name]
        place.calls += 1
        try:
            async with place.free:
                return await _guarded(place, messages, json_schema, max_output_tokens)
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


async def _guarded(
    place: _Place,
    messages: Sequence[tuple[str, str]],
    json_schema: Mapping[str, Any],
    max_output_tokens: int,
) -> Completion:
    name, provider, breaker = place.settings.name, place.provider, place.gate.breaker
    known = await provider.ensure(place.client.reach)
    generation = await place.gate.enter(place.settings.in_flight)
    answered = True
    try:
        completion = await place.client.complete(messages, json_schema, max_output_tokens)
    except ModelRefusedError:
        breaker.succeeded(generation)
        MODEL_CALLS.labels(name, "refused").inc()
        raise
    except ModelFaultError as fault:
        answered = fault.answered
        told(breaker, generation, fault)
        MODEL_CALLS.labels(name, _RESULTS.get(type(fault), "failed")).inc()
        raise
    else:
        breaker.succeeded(generation)
        place.answered.inc()
        return completion
    finally:
        provider.heard(known, answered)
        place.gate.leave(generation)


_RESULTS = {
    ModelTimeoutError: "timeout",
    ModelRateLimitedError: "rate_limited",
    ModelMisconfiguredError: "misconfigured",
}


def _endpoint(settings: ModelSettings) -> tuple[object, ...]:
    return (settings.base_url, settings.endpoint_model, settings.api_key_env, settings.structured)


def _nominal(settings: ModelSettings) -> float:
    return cost_usd(settings, 1000, 0, 300)
