"""A live page over a board that the test itself fills, served from a thread."""

import asyncio
import threading
from collections.abc import Callable
from typing import Self, TypeVar

from agents.web.health import Health
from agents.web.live.board import Board, Surroundings
from agents.web.live.explain import Explainer
from agents.web.page import LivePage
from agents.web.server import WebServer
from pipeline.clock import SystemClock
from pipeline.config import Config, KafkaSettings, WebSettings
from pipeline.decisions.policy_maker import PolicyMaker
from pipeline.models.declared import DeclaredModels
from tests.live_messages import model

Found = TypeVar("Found")
MODELS = (model("small", 0.1), model("medium", 1.0), model("large", 5.0))


class PageServer:
    """A context manager; `board` may be touched through `do` only."""

    def __init__(self) -> None:
        self.lag = {"chunk_splitter": 0, "topic_finder": 12, "topic_locator": 3, "policy": 0}
        around = Surroundings(lambda: dict(self.lag))
        self.board = Board(SystemClock(), ("ecommerce", "news"), lambda: MODELS, around)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.address = ""
        config = Config(kafka=KafkaSettings(bootstrap_servers="127.0.0.1:1"), models=MODELS)
        maker = PolicyMaker(config, DeclaredModels(MODELS))
        page = LivePage(self.board, Explainer(maker, {}, config.kafka.partitions))
        health = Health((), lambda: 0.0)
        self._server = WebServer(WebSettings(), health, [page], page.routes())

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._server.start(), self._loop).result(10)
        self.address = self._server.address
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._server.stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def do(self, action: Callable[[], Found]) -> Found:
        """Do something in the server's thread, and wait for it."""

        async def done() -> Found:
            return action()

        return asyncio.run_coroutine_threadsafe(done(), self._loop).result(10)
