"""The one HTTP server of a process: read only, on this machine unless told otherwise."""

import errno
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Protocol

import orjson
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from agents.web.access import Access
from agents.web.health import Health, Verdict
from pipeline.config import WebSettings
from pipeline.config.web import FIRST_PORT
from pipeline.errors import ConfigurationError
from pipeline.metrics import READY

log = logging.getLogger("rolestream.web")

_PORTS_TRIED = 100
_OPEN_PATHS = frozenset({"/healthz", "/readyz"})
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Part(Protocol):
    """Something that works beside the server, from its start to its end."""

    async def start(self) -> None:
        """Start."""
        ...

    async def stop(self) -> None:
        """Stop."""
        ...


class WebServer:
    """Serves `/metrics`, `/healthz`, `/readyz` and `routes`; `parts` run while it does.

    `before_scrape` brings gauges up to date.
    Only GET and HEAD are answered, and nothing that is asked for changes anything.
    """

    def __init__(
        self,
        settings: WebSettings,
        health: Health,
        parts: Sequence[Part] = (),
        routes: Iterable[web.RouteDef] = (),
        before_scrape: Callable[[], None] = lambda: None,
    ) -> None:
        self._settings = settings
        self._health = health
        self._parts = parts
        self._before_scrape = before_scrape
        listed = list(routes)
        self.has_page = any(route.path == "/" for route in listed)
        self._access = Access.of(settings)
        self._app = web.Application(middlewares=[self._guarded])
        self._app.add_routes(
            [
                web.get("/metrics", self._metrics),
                web.get("/healthz", self._healthz),
                web.get("/readyz", self._readyz),
                *listed,
            ]
        )
        self._runner = web.AppRunner(
            self._app, access_log=None, shutdown_timeout=1.0, handle_signals=False
        )
        self.port: int | None = None

    @property
    def address(self) -> str:
        """Where it listens, as a browser takes it."""
        host = self._settings.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}/"

    async def start(self) -> None:
        """Listen. Raises ConfigurationError when the address cannot be had."""
        await self._runner.setup()
        await self._listen()
        for part in self._parts:
            await part.start()

    async def stop(self) -> None:
        """End all connections."""
        for part in reversed(self._parts):
            await part.stop()
        await self._runner.cleanup()

    async def _listen(self) -> None:
        given = self._settings.port
        ports = [given] if given else [*range(FIRST_PORT, FIRST_PORT + _PORTS_TRIED), 0]
        for port in ports:
            site = web.TCPSite(self._runner, self._settings.host, port)
            try:
                await site.start()
            except OSError as error:
                await site.stop() if site in self._runner.sites else None
                if error.errno == errno.EADDRINUSE and port != ports[-1]:
                    continue
                raise ConfigurationError(
                    f"web: cannot listen on {self._settings.host}:{port}: {error.strerror}; "
                    "set web.host and web.port to a free address"
                ) from None
            self.port = self._runner.addresses[0][1]
            return

    @web.middleware
    async def _guarded(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path not in _OPEN_PATHS and not self._access.allows(request.headers):
            return self._refusal()
        try:
            response = await handler(request)
        except web.HTTPException as error:
            response = web.Response(status=error.status, text=f"{error.status} {error.reason}\n")
            if "Allow" in error.headers:
                response.headers["Allow"] = error.headers["Allow"]
        if not response.prepared:
            response.headers.update(_HEADERS)
        return response

    def _refusal(self) -> web.Response:
        if self._access.token is None:
            return web.Response(status=421, text="421 ask for it as localhost\n", headers=_HEADERS)
        headers = {**_HEADERS, "WWW-Authenticate": 'Basic realm="rolestream", charset="UTF-8"'}
        return web.Response(status=401, text="401 a token is needed\n", headers=headers)

    async def _metrics(self, request: web.Request) -> web.Response:
        self._before_scrape()
        READY.set(self._health.ready().yes)
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def _healthz(self, request: web.Request) -> web.Response:
        return self._told(request, self._health.alive(), "alive")

    async def _readyz(self, request: web.Request) -> web.Response:
        return self._told(request, self._health.ready(), "ready")

    def _told(self, request: web.Request, verdict: Verdict, word: str) -> web.Response:
        # Probes carry no token, and whoever shows none learns no reasons.
        reasons = verdict.reasons if self._access.allows(request.headers) else ()
        return web.Response(
            status=200 if verdict.yes else 503,
            body=orjson.dumps({word: verdict.yes, "reasons": reasons}),
            content_type="application/json",
        )


def stream_headers() -> dict[str, str]:
    """The headers of an answer that is prepared before the server can add its own."""
    return dict(_HEADERS)
