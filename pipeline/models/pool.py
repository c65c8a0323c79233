"""The pool: every arm by name, each with a bound on its calls in flight; it changes while used."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any
from weakref import WeakSet

from pipeline.clock import Clock, SystemClock
from pipeline.config import ModelSettings
from pipeline.errors import ConfigurationError
from pipeline.metrics import MODEL_CALLS
from pipeline.models.breaker import Breaker
from pipeline.models.client import ModelClient
from pipeline.models.completion import Completion
from pipeline.models.endpoint import Completes, Endpoint
from pipeline.models.gates import arm_gate, provider_gate
from pipeline.models.prices import cost_usd
from pipeline.models.provider import Provider
from pipeline.models.retries import Retries, Sleep
from schemas.arm_names import base_of, size_in


@dataclass
class _Place:
    """An arm as it was declared at one time; `calls` are its own among those of its endpoint."""

    settings: ModelSettings
    endpoint: Endpoint
    calls: int = 0


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
    drawn before may still ask it. Every arm has a breaker, every base URL another; the batch sizes
    of an arm share its breaker, its client and its calls in flight.
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
        # Weak: what a replaced arm's last calls say of it is soon of no interest.
        self._held_back: WeakSet[Breaker] = WeakSet()
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
        """Add an arm, or declare the one of that name anew: prices, limits, endpoint.

        Its batch sizes come with it, each an arm of its own; one that is declared no more retires.
        """
        name = settings.name
        before = self._places.get(name)
        free = asyncio.Semaphore(settings.in_flight)
        gate = arm_gate(name, self._clock, self._rng, self._held_back)
        if before is not None and before.settings.in_flight == settings.in_flight:
            free = before.endpoint.free
        if before is not None and _endpoint(before.settings) == _endpoint(settings):
            gate = before.endpoint.gate
        provider = self._providers.get(settings.base_url)
        if provider is None:
            gate_of_all = provider_gate(settings.base_url, self._clock, self._rng, self._held_back)
            provider = Provider(gate_of_all)
            self._providers[settings.base_url] = provider
        known = self._family(name)
        left = (settings.in_batches_of(size) for size in map(size_in, known) if size is not None)
        offered = (settings, *settings.variants)
        arms = {arm.name: arm for arm in (*left, *offered)}
        answered = {arm: MODEL_CALLS.labels(arm, "answered") for arm in arms}
        endpoint = Endpoint(client, free, gate, provider, settings.in_flight, answered)
        self._places |= {arm: _Place(declared, endpoint) for arm, declared in arms.items()}
        self._retired |= set(known)
        self._retired -= {arm.name for arm in offered}
        self._now = _Offer({})
        if before is not None:
            before.endpoint.replaced = True
            self._close_if_idle(before.endpoint)

    def retire(self, name: str) -> None:
        """Offer the arm and its batch sizes no more; nothing happens if it is not in the pool."""
        self._retired |= set(self._family(name))
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

    @property
    def all_there(self) -> bool:
        """Whether every arm can take all of its traffic for sure, without a look at each."""
        return not self._held_back

    def share(self, name: str) -> float:
        """The share of its traffic that the arm can take now: 0 while a breaker holds it back."""
        endpoint = self._places[name].endpoint
        if endpoint.gate.probing or endpoint.provider.gate.breaker.share == 0.0:
            return 0.0
        return endpoint.gate.breaker.share

    def returns_in_s(self, name: str) -> float:
        """Seconds until the arm may be tried; 0 unless a breaker holds it back."""
        endpoint = self._places[name].endpoint
        breakers = (endpoint.gate.breaker, endpoint.provider.gate.breaker)
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
        endpoint = place.endpoint
        place.calls += 1
        endpoint.calls += 1
        try:
            async with endpoint.free:
                return await endpoint.guarded(name, messages, json_schema, max_output_tokens)
        finally:
            place.calls -= 1
            endpoint.calls -= 1
            self._close_if_idle(endpoint)

    async def close(self) -> None:
        """Close all clients."""
        await asyncio.gather(*self._closing, return_exceptions=True)
        for name, place in self._places.items():
            if size_in(name) is None:
                await place.endpoint.client.close()

    def _live(self) -> list[ModelSettings]:
        return [p.settings for name, p in self._places.items() if name not in self._retired]

    def _family(self, name: str) -> list[str]:
        """The arm of that name and its batch sizes, as far as they were ever in the pool."""
        return [known for known in self._places if base_of(known) == name]

    def _close_if_idle(self, endpoint: Endpoint) -> None:
        if endpoint.replaced and endpoint.calls == 0:
            task = asyncio.get_running_loop().create_task(endpoint.client.close())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)


def _endpoint(settings: ModelSettings) -> tuple[object, ...]:
    return (settings.base_url, settings.endpoint_model, settings.api_key_env, settings.structured)


def _nominal(settings: ModelSettings) -> float:
    return cost_usd(settings, 1000, 0, 300)
