"""Model endpoints that stand in for real ones in unit tests: they answer from a list, in memory."""

import asyncio
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from pipeline.clock import ManualClock
from pipeline.config import ModelSettings
from pipeline.models.completion import Completion
from pipeline.models.pool import ModelPool

Chat = tuple[tuple[str, str], ...]


class InMemoryEndpoint:
    """Gives its replies in turn, the last one for ever; an exception among them is raised.

    Every call moves `clock` on by `takes_s`. `chats` are the chats it was asked.
    """

    def __init__(
        self,
        clock: ManualClock,
        *replies: str | Exception,
        takes_s: float = 0.5,
        cost_usd: float = 0.25,
    ) -> None:
        self.chats: list[Chat] = []
        self.closed = False
        self.clock = clock
        self._replies = replies
        self._takes_s = takes_s
        self._cost_usd = cost_usd

    async def complete(
        self,
        messages: Sequence[tuple[str, str]],
        json_schema: Mapping[str, Any],
        max_output_tokens: int,
    ) -> Completion:
        """One call: 100 tokens in, 40 of them cached, 10 out."""
        reply = self._replies[min(len(self.chats), len(self._replies) - 1)]
        self.chats.append(tuple(messages))
        await asyncio.sleep(0)
        self.clock.advance(self._takes_s)
        if isinstance(reply, Exception):
            raise reply
        return Completion(
            text=reply,
            input_tokens=100,
            cached_tokens=40,
            output_tokens=10,
            tokens_counted_by="usage",
            latency_s=self._takes_s,
            first_token_s=None,
            cost_usd=self._cost_usd,
        )

    async def reach(self) -> None:
        """Always there."""

    async def close(self) -> None:
        """Nothing to release."""
        self.closed = True


def arm(name: str, price: float = 1.0, **settings: Any) -> ModelSettings:
    """The declaration of an arm whose endpoint is never called over a network."""
    return ModelSettings(
        name=name,
        base_url="http://in-memory.invalid/v1",
        usd_per_million_input=price,
        usd_per_million_output=price,
        **settings,
    )


def pool_of(endpoints: Mapping[str, InMemoryEndpoint], **settings: Any) -> ModelPool:
    """A pool of these endpoints, each dearer than the one before; no call is made again unless

    `max_retries` says so. It goes by the first endpoint's clock, and sleeping moves that clock on.
    """
    clock = next((endpoint.clock for endpoint in endpoints.values()), ManualClock())

    async def sleep(seconds: float) -> None:
        await asyncio.sleep(0)
        clock.advance(seconds)

    settings = {"max_retries": 0, **settings}
    arms = [
        (arm(name, price=float(place), **settings), endpoint)
        for place, (name, endpoint) in enumerate(endpoints.items(), start=1)
    ]
    return ModelPool(arms, clock, Random(1), sleep)
