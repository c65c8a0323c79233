"""The live page: its files, the whole picture as JSON, and what changes as server-sent events."""

import asyncio
from importlib.resources import files
from importlib.resources.abc import Traversable

import orjson
from aiohttp import web

from agents.web.live.board import Board
from agents.web.live.explain import Explainer
from agents.web.server import Handler, stream_headers
from pipeline.metrics import PAGE_CLIENTS
from schemas.roles import MODEL_ROLES, Role

MOST_CLIENTS = 32
TICK_S = 1.0
"""A reader hears of changes at most so often, whatever their number."""

_TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
}
_STATIC = files("agents.web") / "static"


class LivePage:
    """The routes of the page over one board."""

    def __init__(self, board: Board, explainer: Explainer, tick_s: float = TICK_S) -> None:
        self._board = board
        self._explainer = explainer
        self._tick_s = tick_s
        self._clients = 0
        self._closing = asyncio.Event()

    def routes(self) -> list[web.RouteDef]:
        """What it answers."""
        return [
            web.get("/", _file(_STATIC / "index.html")),
            *(
                web.get(f"/static/{item.name}", _file(item))
                for item in _STATIC.iterdir()
                if item.is_file()
            ),
            web.get("/api/view", self._view),
            web.get("/api/events", self._events),
            web.get("/api/explanation", self._explanation),
        ]

    async def start(self) -> None:
        """Nothing to start: readers come by themselves."""

    async def stop(self) -> None:
        """End all event streams."""
        self._closing.set()

    async def _view(self, request: web.Request) -> web.Response:
        return _json(self._board.since(0))

    async def _explanation(self, request: web.Request) -> web.Response:
        try:
            role = Role(request.query.get("role", "").replace("-", "_"))
        except ValueError:
            raise web.HTTPNotFound from None
        if role not in MODEL_ROLES:
            raise web.HTTPNotFound
        return _json(self._explainer.explain(request.query.get("domain", ""), role))

    async def _events(self, request: web.Request) -> web.StreamResponse:
        if self._clients >= MOST_CLIENTS:
            raise web.HTTPServiceUnavailable
        self._clients += 1
        PAGE_CLIENTS.set(self._clients)
        try:
            return await self._tell(request)
        finally:
            self._clients -= 1
            PAGE_CLIENTS.set(self._clients)

    async def _tell(self, request: web.Request) -> web.StreamResponse:
        headers = {"Content-Type": "text/event-stream; charset=utf-8", "X-Accel-Buffering": "no"}
        response = web.StreamResponse(headers=stream_headers() | headers)
        await response.prepare(request)
        version = 0
        while not self._closing.is_set():
            # What came meanwhile is told at once: a slow reader gets fewer and larger pieces.
            view = self._board.since(version)
            version = view.version
            try:
                await response.write(b"data: " + orjson.dumps(view) + b"\n\n")
            except (ConnectionError, RuntimeError):
                break
            try:
                await asyncio.wait_for(self._closing.wait(), self._tick_s)
            except TimeoutError:
                continue
        return response


def _file(item: Traversable) -> Handler:
    kind = _TYPES.get("." + item.name.rpartition(".")[2], "application/octet-stream")
    body = item.read_bytes()

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(body=body, content_type=kind, charset="utf-8")

    return answer


def _json(value: object) -> web.Response:
    return web.Response(body=orjson.dumps(value), content_type="application/json")
