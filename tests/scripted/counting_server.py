"""A real HTTP server with the OpenAI protocol that notes when every request came and what it used.

Run as `python -m tests.scripted.counting_server --port N --delay-s S`; the delay varies by half.
GET /calls gives `[came_s, replied_s, tokens, model]` of every call.
"""

import argparse
import asyncio
import time
from random import Random
from typing import Any

from aiohttp import web

OUTPUT_TOKENS = 40


class Counter:
    """All calls since the start."""

    def __init__(self, delay_s: float) -> None:
        self._delay_s = delay_s
        self._rng = Random(7)
        self._calls: list[list[Any]] = []

    async def complete(self, request: web.Request) -> web.Response:
        came_s = time.monotonic()
        body = await request.json()
        prompt = sum(len(m["content"]) for m in body["messages"]) // 4
        entry = [came_s, None, prompt + OUTPUT_TOKENS, body["model"]]
        self._calls.append(entry)
        await asyncio.sleep(self._delay_s * self._rng.uniform(0.5, 1.5))
        entry[1] = time.monotonic()
        message = {"role": "assistant", "content": "{}"}
        return web.json_response(
            {
                "id": "counted",
                "object": "chat.completion",
                "created": 0,
                "model": body["model"],
                "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
                "usage": {
                    "prompt_tokens": prompt,
                    "completion_tokens": OUTPUT_TOKENS,
                    "total_tokens": prompt + OUTPUT_TOKENS,
                },
            }
        )

    async def report(self, request: web.Request) -> web.Response:
        return web.json_response(self._calls)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--delay-s", type=float, default=0.1)
    options = parser.parse_args()
    counter = Counter(options.delay_s)
    app = web.Application(client_max_size=16 * 1024 * 1024)
    app.router.add_post("/v1/chat/completions", counter.complete)
    app.router.add_get("/v1/models", lambda request: web.json_response({"data": []}))
    app.router.add_get("/calls", counter.report)
    web.run_app(app, host="127.0.0.1", port=options.port, print=None)


if __name__ == "__main__":
    main()
