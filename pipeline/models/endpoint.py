"""Where an arm and its batch sizes are served, and a call there past breaker and provider."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from prometheus_client import Counter

from pipeline.metrics import MODEL_CALLS
from pipeline.models.completion import (
    Completion,
    ModelFaultError,
    ModelMisconfiguredError,
    ModelRateLimitedError,
    ModelRefusedError,
    ModelTimeoutError,
)
from pipeline.models.gate import Gate
from pipeline.models.gates import told
from pipeline.models.provider import Provider


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
class Endpoint:
    """What an arm and its batch sizes share, as it was declared at one time.

    `answered` counts good calls by arm; `calls` are under way or wait for a free place.
    """

    client: Completes
    free: asyncio.Semaphore
    gate: Gate
    provider: Provider
    in_flight: int
    answered: Mapping[str, Counter]
    calls: int = 0
    replaced: bool = False

    async def guarded(
        self,
        name: str,
        messages: Sequence[tuple[str, str]],
        json_schema: Mapping[str, Any],
        max_output_tokens: int,
    ) -> Completion:
        """One call for the arm `name`, told to its breaker and its provider.

        Raises ModelRestsError, without a call, while a breaker holds it back.
        """
        breaker = self.gate.breaker
        known = await self.provider.ensure(self.client.reach)
        generation = await self.gate.enter(self.in_flight)
        answered = True
        try:
            completion = await self.client.complete(messages, json_schema, max_output_tokens)
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
            self.answered[name].inc()
            return completion
        finally:
            self.provider.heard(known, answered)
            self.gate.leave(generation)


_RESULTS = {
    ModelTimeoutError: "timeout",
    ModelRateLimitedError: "rate_limited",
    ModelMisconfiguredError: "misconfigured",
}
