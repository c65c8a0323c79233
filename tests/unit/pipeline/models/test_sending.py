"""Whoever makes a call learns when its request is out, before there is an answer."""

import asyncio

from aiohttp import web
from aiohttp.test_utils import TestServer

from pipeline.clock import SystemClock
from pipeline.config import ModelSettings
from pipeline.models.client import ModelClient
from pipeline.models.sending import SENT

REPLY = {
    "id": "x",
    "object": "chat.completion",
    "created": 0,
    "model": "m",
    "choices": [
        {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "{}"}}
    ],
    "usage": {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4},
}


async def test_it_is_told_while_the_endpoint_is_still_thinking() -> None:
    may_answer = asyncio.Event()

    async def complete(request: web.Request) -> web.Response:
        await request.read()
        await may_answer.wait()
        return web.json_response(REPLY)

    app = web.Application()
    app.router.add_post("/v1/chat/completions", complete)
    async with TestServer(app) as server:
        settings = ModelSettings(
            name="m",
            base_url=str(server.make_url("/v1")),
            usd_per_million_input=1.0,
            usd_per_million_output=1.0,
        )
        client = ModelClient(settings, SystemClock(), {})
        sent = asyncio.Event()
        token = SENT.set(sent.set)
        call = asyncio.create_task(client.complete((("user", "hello"),), {}, 20))
        SENT.reset(token)
        await asyncio.wait_for(sent.wait(), 10)
        assert not call.done()
        may_answer.set()
        assert (await call).text == "{}"
        await client.close()
