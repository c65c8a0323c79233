"""What the transport owes to the environment and to endpoints: proxies, encodings, redirects."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from pipeline.clock import SystemClock
from pipeline.config import ModelSettings
from pipeline.errors import ConfigurationError
from pipeline.models.client import ModelClient
from pipeline.models.completion import ModelUnavailableError
from pipeline.models.transport import environment_proxy
from tests.unit.pipeline.models.test_sending import REPLY

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def served(handler: Handler, path: str = "/{any:.*}") -> AsyncIterator[TestServer]:
    app = web.Application()
    app.router.add_route("*", path, handler)
    async with TestServer(app) as server:
        yield server


async def ask(base_url: str, said: str = "hello", calls: int = 1) -> str:
    settings = ModelSettings(
        name="m", base_url=base_url, usd_per_million_input=1.0, usd_per_million_output=1.0
    )
    client = ModelClient(settings, SystemClock(), {})
    try:
        for _ in range(calls):
            completion = await client.complete((("user", said),), {}, 20)
        return completion.text
    finally:
        await client.close()


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment without proxies."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


async def test_a_proxy_of_the_environment_is_asked_with_its_password(
    environment: pytest.MonkeyPatch,
) -> None:
    seen: list[tuple[str, str | None]] = []

    async def proxy(request: web.Request) -> web.Response:
        seen.append((str(request.url), request.headers.get("Proxy-Authorization")))
        return web.json_response(REPLY)

    async with served(proxy) as server:
        environment.setenv("HTTP_PROXY", f"http://me:word@127.0.0.1:{server.port}")
        assert await ask("http://models.example/v1", calls=2) == "{}"
    assert seen == [("http://models.example/v1/chat/completions", "Basic bWU6d29yZA==")] * 2


@pytest.mark.parametrize(
    ("variables", "address", "proxy"),
    [
        ({}, "http://models.example/v1", None),
        ({"HTTPS_PROXY": "http://p:1"}, "https://models.example/v1", "http://p:1"),
        ({"HTTPS_PROXY": "http://p:1"}, "http://models.example/v1", None),
        ({"ALL_PROXY": "p:1"}, "http://models.example/v1", "http://p:1"),
        ({"ALL_PROXY": "http://p:1", "NO_PROXY": "example"}, "http://models.example/v1", None),
        ({"ALL_PROXY": "http://p:1", "NO_PROXY": "a,b:8"}, "http://b:8/v1", None),
    ],
)
def test_the_environment_names_the_proxy(
    environment: pytest.MonkeyPatch, variables: dict[str, str], address: str, proxy: str | None
) -> None:
    for name, value in variables.items():
        environment.setenv(name, value)
    found = environment_proxy(address)
    assert (None if found is None else str(found)) == proxy


def test_a_proxy_of_another_kind_is_a_mistake(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("ALL_PROXY", "socks5://me:word@p:1")
    with pytest.raises(ConfigurationError, match="a socks5 proxy for http") as e:
        environment_proxy("http://models.example/v1")
    assert "word" not in str(e.value)


async def test_an_encoded_reply_is_read() -> None:
    async def reply(request: web.Request) -> web.Response:
        status = 200 if "again" in request.path else 307
        headers = {"Content-Encoding": "gzip", "Location": "/again/chat/completions"}
        return web.Response(
            body=gzip.compress(json.dumps(REPLY).encode()),
            headers=headers,
            status=status,
            content_type="application/json",
        )

    async with served(reply) as server:
        assert await ask(str(server.make_url("/v1"))) == "{}"


async def test_a_gateway_s_long_headers_do_not_matter() -> None:
    async def reply(request: web.Request) -> web.Response:
        return web.json_response(REPLY, headers={"Content-Security-Policy": "x" * 20_000})

    async with served(reply) as server:
        assert await ask(str(server.make_url("/v1"))) == "{}"


async def test_of_an_endless_refusal_the_beginning_is_read() -> None:
    async def refuse(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=500)
        await response.prepare(request)
        while True:
            await response.write(b"no " * 10_000)

    async with served(refuse) as server:
        with pytest.raises(ModelUnavailableError, match=r"failed \(500\)"):
            await asyncio.wait_for(ask(str(server.make_url("/v1"))), 10)


async def test_text_that_utf8_cannot_carry_is_sent_all_the_same() -> None:
    heard: list[str] = []

    async def reply(request: web.Request) -> web.Response:
        heard.append((await request.json())["messages"][0]["content"])
        return web.json_response(REPLY)

    async with served(reply) as server:
        await ask(str(server.make_url("/v1")), "half \ud83d of a pair")
    assert heard == ["half \ud83d of a pair"]


async def test_calls_side_by_side_have_a_connection_each_and_keep_it() -> None:
    connections: set[object] = set()
    together = asyncio.Barrier(40)

    async def reply(request: web.Request) -> web.Response:
        connections.add(request.transport)
        await together.wait()
        return web.json_response(REPLY)

    async with served(reply) as server:
        settings = ModelSettings(
            name="m",
            base_url=str(server.make_url("/v1")),
            usd_per_million_input=1.0,
            usd_per_million_output=1.0,
        )
        client = ModelClient(settings, SystemClock(), {})
        for _ in range(3):
            await asyncio.gather(
                *(client.complete((("user", "hello"),), {}, 20) for _ in range(40))
            )
        await client.close()
    assert len(connections) == 40
