"""What a sentence and a model call cost, in calls of functions; no clock has a say in it."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from faust.types import TP

from agents.delivery import read
from agents.intake import Intake, Taken
from deploy.bench.ingest import raw_text
from pipeline.clock import SystemClock
from pipeline.config import ModelSettings, SplitterSettings
from pipeline.models.client import ModelClient
from pipeline.olp.cohesion import last_boundary
from pipeline.olp.splitter import StreamBuffer
from schemas.codec import decode
from schemas.messages import RawText
from tests.benchmarks.counted import calls_of, calls_of_async
from tests.unit.pipeline.models.test_sending import REPLY

WINDOW = 60
MOST_CALLS_A_SENTENCE = 50
MOST_CALLS_A_MODEL_CALL = 9_500


class Splitting:
    """The splitter's work on one stream, from fetched records to windows."""

    def __init__(self) -> None:
        self.buffer: StreamBuffer[Taken] = StreamBuffer(SplitterSettings(), {})
        self.intake = Intake(10_000, 10_000_000)
        self.windows = 0
        self._seq = 0

    async def play(self, sentences: int) -> int:
        """So many sentences more; how many calls it took to handle them."""
        self.intake.put(list(self._fetched(sentences)))
        return await calls_of_async(lambda: self._handle(sentences))

    async def _handle(self, sentences: int) -> None:
        async for taken in self.intake.events():
            self._take(taken)
            sentences -= 1
            if not sentences:
                return

    def _take(self, taken: Taken) -> None:
        incoming = read(taken)
        raw = decode(RawText, incoming.value)
        self.buffer.offer(raw, incoming.source.offset, 0.0, taken)
        reason = self.buffer.due(0.0, None)
        if reason is not None:
            planned = self.buffer.plan(reason, None)
            self.buffer.with_plan(planned)
            self.buffer.take(planned)
            self.windows += 1

    def _fetched(self, count: int) -> Iterator[Taken]:
        for _ in range(count):
            self._seq += 1
            value = raw_text("stream", self._seq, WINDOW)
            message: Any = SimpleNamespace(
                topic="raw-news",
                partition=0,
                offset=self._seq,
                key=b"stream",
                value=value,
                headers=(),
            )
            yield Taken(None, TP("raw-news", 0), message)


async def test_a_sentence_is_cheap_to_take_in() -> None:
    splitting = Splitting()
    await splitting.play(WINDOW)
    counted = await splitting.play(WINDOW - 1)
    assert counted / (WINDOW - 1) < MOST_CALLS_A_SENTENCE


async def test_a_window_costs_the_same_however_long_the_stream_is() -> None:
    splitting = Splitting()
    await splitting.play(2 * WINDOW)
    early = await splitting.play(WINDOW)
    await splitting.play(50 * WINDOW)
    late = await splitting.play(WINDOW)
    assert splitting.windows >= 50
    assert late < 1.1 * early


def test_the_search_for_a_border_grows_with_the_window_and_no_faster() -> None:
    texts = [f"word{n % 7} other{n % 11} third{n % 13} again{n % 5}" for n in range(240)]
    once = calls_of(lambda: last_boundary(texts[:120], "en", 60, ()))
    twice = calls_of(lambda: last_boundary(texts, "en", 120, ()))
    assert twice < 2.3 * once


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
        client = ModelClient(settings, SystemClock(), {})
        chat = (("system", "Answer."), ("user", "word " * 1000))
        await client.complete(chat, {}, 64)
        # The test server's own work is in the same loop and counts with it.
        counted = await calls_of_async(lambda: client.complete(chat, {}, 64))
        await client.close()
    assert counted < MOST_CALLS_A_MODEL_CALL
