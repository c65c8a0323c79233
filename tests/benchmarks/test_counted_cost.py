"""What a border search and a model call cost, in calls of functions; no clock has a say in it."""

from aiohttp import web
from aiohttp.test_utils import TestServer

from pipeline.clock import SystemClock
from pipeline.config import ModelSettings
from pipeline.models.pool import ModelPool
from pipeline.olp.cohesion import last_boundary
from tests.benchmarks.counted import calls_of, calls_of_async
from tests.unit.pipeline.models.test_sending import REPLY

MOST_CALLS_A_BORDER = 610
MOST_CALLS_A_MODEL_CALL = 800


def test_the_search_for_a_border_grows_with_the_window_and_no_faster() -> None:
    texts = [f"word{n % 7} other{n % 11} third{n % 13} again{n % 5}" for n in range(240)]
    once = calls_of(lambda: last_boundary(texts[:120], "en", 60, ()))
    twice = calls_of(lambda: last_boundary(texts, "en", 120, ()))
    assert twice < 2.3 * once
    assert once < MOST_CALLS_A_BORDER


async def test_a_model_call_is_cheap_besides_the_model() -> None:
    async def complete(request: web.Request) -> web.Response:
        await request.read()
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
        pool = ModelPool.from_settings([settings], SystemClock())
        chat = (("system", "Answer."), ("user", "word " * 1000))
        await pool.complete("m", chat, {}, 64)
        # The test server's own work is in the same loop and counts with it; on a busy machine a
        # call takes more rounds of the loop than it needs, so the least of some is taken.
        counted = [
            await calls_of_async(lambda: pool.complete("m", chat, {}, 64)) for _ in range(20)
        ]
        await pool.close()
    assert min(counted) < MOST_CALLS_A_MODEL_CALL
