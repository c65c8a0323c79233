"""Carries the official client's requests over aiohttp, at a tenth of its own transport's cost."""

from functools import cache
from ssl import SSLContext
from typing import Any, Self
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx2
from aiohttp.abc import AbstractStreamWriter
from aiohttp.payload import BytesPayload
from multidict import CIMultiDict
from yarl import URL

from pipeline.errors import ConfigurationError
from pipeline.models.sending import SENT, Tell

_KEPT_S = 4.0
"""Idle connections end before most servers would end them, at 5 s."""
_MOST_OF_AN_ERROR = 65_536
_LONGEST_HEADER = 65_536
_SET_BY_AIOHTTP = frozenset({"host", "content-length", "accept-encoding", "connection"})


class ReadyRequest(httpx2.Request):
    """A request that differs from an earlier one in its body alone; shares all the rest with it."""

    def __init__(self, pattern: httpx2.Request, content: bytes) -> None:
        self.method = pattern.method
        self.url = pattern.url
        self.headers = pattern.headers
        self.extensions = pattern.extensions
        self._content = content


class AiohttpClient(httpx2.AsyncClient):
    """An `http_client` for the openai SDK; connections are bounded by the calls made at once.

    Proxies are those of the environment (`HTTPS_PROXY`, `NO_PROXY` and so on), certificates those
    that httpx trusts. `connect_s` bounds name look-up, connection and TLS together; what a whole
    call may take is the caller's business.
    """

    def __init__(self, base_url: str, connect_s: float) -> None:
        # The SDK's transport is never used, and would load certificates.
        super().__init__(transport=httpx2.AsyncBaseTransport(), trust_env=False)
        self._secure = base_url.startswith("https:")
        self._timeouts = aiohttp.ClientTimeout(total=None, connect=connect_s)
        self._proxy = environment_proxy(base_url)
        self._session: aiohttp.ClientSession | None = None
        self._known: tuple[httpx2.Headers, CIMultiDict[str], URL] | None = None

    async def send(
        self, request: httpx2.Request, *, stream: bool = False, **options: Any
    ) -> httpx2.Response:
        """Send a request; redirects are followed. Raises httpx2's errors."""
        if self._session is None:
            self._session = self._opened()
        headers, url = self._aiohttp_terms(request)
        tell = SENT.get()
        data = request.content if tell is None else _ToldOf(request.content, tell)
        try:
            reply = await self._session.request(
                request.method, url, data=data or None, headers=headers
            )
        except TimeoutError as error:
            raise httpx2.ConnectTimeout("no connection in time", request=request) from error
        except (aiohttp.ClientError, OSError) as error:
            raise httpx2.ConnectError("no connection", request=request) from error
        refused = reply.status >= 400
        response = httpx2.Response(
            reply.status,
            # Only those of a refusal are read; aiohttp has undone the encoding already.
            headers=_without_encoding(reply) if refused else None,
            stream=_RefusedBody(reply) if refused else ReplyBody(reply),
            request=request,
        )
        if not stream:
            await response.aread()
        return response

    async def aclose(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
        await super().aclose()

    def _opened(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=0, keepalive_timeout=_KEPT_S, ssl=trusted_certificates() if self._secure else True
        )
        return aiohttp.ClientSession(
            connector=connector,
            timeout=self._timeouts,
            cookie_jar=aiohttp.DummyCookieJar(),
            proxy=self._proxy,
            max_line_size=_LONGEST_HEADER,
            max_field_size=_LONGEST_HEADER,
        )

    def _aiohttp_terms(self, request: httpx2.Request) -> tuple[CIMultiDict[str], URL]:
        known = self._known
        if known is None or known[0] is not request.headers:
            headers = CIMultiDict(
                (name, value)
                for name, value in request.headers.multi_items()
                if name not in _SET_BY_AIOHTTP
            )
            known = request.headers, headers, URL(str(request.url), encoded=True)
            self._known = known
        return known[1], known[2]


class ReplyBody(httpx2.AsyncByteStream):
    """The bytes of a reply as they arrive. Raises ConnectionError if they break off."""

    def __init__(self, reply: aiohttp.ClientResponse) -> None:
        self._reply = reply

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        try:
            data = await self._reply.content.readany()
        except (aiohttp.ClientError, OSError) as error:
            raise ConnectionError("the reply broke off") from error
        if not data:
            raise StopAsyncIteration
        return data

    async def aclose(self) -> None:
        """Close the connection, unless the reply was read to its end and gave it back."""
        self._reply.close()


class _RefusedBody(ReplyBody):
    """What an endpoint says of a refusal: the beginning of it, as far as it comes."""

    _left = _MOST_OF_AN_ERROR

    async def __anext__(self) -> bytes:
        if self._left <= 0:
            raise StopAsyncIteration
        try:
            data = await super().__anext__()
        except ConnectionError:
            raise StopAsyncIteration from None
        data = data[: self._left]
        self._left -= len(data)
        return data


class _ToldOf(BytesPayload):
    """A body that tells when it is out."""

    def __init__(self, content: bytes, tell: Tell) -> None:
        super().__init__(content)
        self._tell = tell

    async def write_with_length(
        self, writer: AbstractStreamWriter, content_length: int | None
    ) -> None:
        await super().write_with_length(writer, content_length)
        self._tell()


def environment_proxy(base_url: str) -> URL | None:
    """The proxy that the environment names for an address, None if it is to be asked directly.

    Raises ConfigurationError for a proxy of a kind that is not supported.
    """
    address = URL(base_url)
    proxies = getproxies()
    named = proxies.get(address.scheme) or proxies.get("all")
    if not named or proxy_bypass(address.authority):
        return None
    proxy = URL(named if "://" in named else f"http://{named}")
    if proxy.scheme not in ("http", "https"):
        raise ConfigurationError(
            f"the environment names a {proxy.scheme} proxy for {address.origin()}: "
            "only http and https proxies are supported; set NO_PROXY to do without"
        )
    return proxy


@cache
def trusted_certificates() -> SSLContext:
    """The certificates of `SSL_CERT_FILE` or `SSL_CERT_DIR`, else httpx's; read once a process."""
    return httpx2.create_ssl_context()


def _without_encoding(reply: aiohttp.ClientResponse) -> list[tuple[bytes, bytes]]:
    return [pair for pair in reply.raw_headers if pair[0].lower() != b"content-encoding"]
