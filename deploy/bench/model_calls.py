"""CPU of a model call: pool, official client and connection, against a model server process.

Run as `python -m deploy.bench.model_calls --k 1 --k 256`. Beside the pool it measures what its
parts cost by themselves: the SDK as it comes, the SDK over its own aiohttp transport, and a bare
aiohttp POST of the same bytes, which is what no client can do without.
"""

import argparse
import asyncio
import gc
import json
import resource
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import httpx2
import openai

from deploy.bench.processes import ModelServer, Processes
from deploy.bench.windows import DOMAIN, finder_task
from pipeline.clock import SystemClock
from pipeline.config import ModelSettings
from pipeline.domains import load_domains
from pipeline.models.dialect import Dialect
from pipeline.models.pool import ModelPool
from pipeline.olp.role import Prompt
from pipeline.olp.topic_finder import TopicFinder

Ask = Callable[[], Awaitable[object]]
_CALLS = 1500
_FEWEST_CALLS = 200


class Systems:
    """Ways to make the same call; what they open is closed with `stack`."""

    def __init__(self, base_url: str, in_flight: int, stream: bool, stack: AsyncExitStack) -> None:
        self._stack = stack
        self._stream = stream
        self._prompt: Prompt = TopicFinder().prompt(
            finder_task(0, "stream", 1, 60), load_domains(())[DOMAIN]
        )
        self._settings = ModelSettings(
            name="bench",
            base_url=base_url,
            usd_per_million_input=1.0,
            usd_per_million_output=1.0,
            in_flight=in_flight,
            context_tokens=1_000_000,
        )
        self._chat = [{"role": role, "content": said} for role, said in self._prompt.messages]

    def all(self) -> Iterator[tuple[str, Callable[[], Ask]]]:
        """Their names, and what makes each."""
        yield "pool", self.pool
        yield "openai", lambda: self.sdk(openai.DefaultAsyncHttpxClient())
        yield "openai, aiohttp", lambda: self.sdk(openai.DefaultAioHttpClient())
        yield "bare aiohttp", self.bare

    def pool(self) -> Ask:
        """Ours."""
        pool = ModelPool.from_settings([self._settings], SystemClock())
        self._stack.push_async_callback(pool.close)
        name, prompt = self._settings.name, self._prompt
        return lambda: pool.complete(
            name, prompt.messages, prompt.json_schema, prompt.max_output_tokens
        )

    def sdk(self, http: httpx2.AsyncClient) -> Ask:
        """The SDK as its manual shows it."""
        client = openai.AsyncOpenAI(
            base_url=self._settings.base_url, api_key="none", http_client=http
        )
        self._stack.push_async_callback(client.close)
        request = self._request()
        create = client.chat.completions.create

        async def ask() -> object:
            reply = await create(**request)
            return [part async for part in reply] if self._stream else reply

        return ask

    def bare(self) -> Ask:
        """The same bytes, and the answer's JSON; a streamed one is not put together."""
        session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        self._stack.push_async_callback(session.close)
        url = f"{self._settings.base_url}/chat/completions"
        request = self._request()
        body = json.dumps(request).encode()

        async def ask() -> object:
            async with session.post(url, data=body) as reply:
                data = await reply.read()
                return data if self._stream else json.loads(data)

        return ask

    def _request(self) -> dict[str, Any]:
        asked = Dialect.declared(self._settings).parameters(
            dict(self._prompt.json_schema), self._prompt.max_output_tokens
        )
        chosen = {n: value for n, value in asked.items() if self._stream or "stream" not in n}
        return {"model": self._settings.name, "messages": self._chat, **chosen}


async def cpu_ms(ask: Ask, k: int) -> float:
    """Milliseconds of this process's CPU a call, with `k` calls at once."""
    await ask()
    await _many(ask, k, 2 * k)
    calls = max(_CALLS, 2 * k) if k > 1 else _FEWEST_CALLS
    gc.collect()
    began_s = _used_s()
    await _many(ask, k, calls)
    return 1000 * (_used_s() - began_s) / calls


async def _many(ask: Ask, k: int, calls: int) -> None:
    left = iter(range(calls))

    async def some() -> None:
        for _ in left:
            await ask()

    await asyncio.gather(*(some() for _ in range(k)))


def _used_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def measure(ks: list[int], only: list[str], latency_s: float, parts: int) -> None:
    """Print a row for each system and K."""
    with Processes() as processes:
        server = ModelServer(processes, latency_s, 0.0, parts)
        for k in ks:
            async with AsyncExitStack() as stack:
                for name, make in Systems(server.base_url, k, parts > 0, stack).all():
                    if not only or name in only:
                        found = await cpu_ms(make(), k)
                        print(f"{name:16} K={k:<5} {found:6.3f} ms CPU a call", flush=True)  # noqa: T201


def main() -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--k", type=int, action="append")
    parser.add_argument("--system", action="append", default=[])
    parser.add_argument("--latency-s", type=float, default=0.02)
    parser.add_argument("--parts", type=int, default=0, help="Stream the answer in so many parts.")
    options = parser.parse_args()
    ks = options.k or [1, 256, 1024]
    asyncio.run(measure(ks, options.system, options.latency_s, options.parts))


if __name__ == "__main__":
    main()
