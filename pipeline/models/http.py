"""HTTP to one provider: as many calls at once as its arms may make, at a small cost a call."""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp

from pipeline.models.sending import tell_when_sent

_KEPT_S = 4.0
"""How long an idle connection is kept: less than servers do, so that none breaks in the hand."""
_MOST_SAID = 65_536


class StatusError(Exception):
    """An answer with an error status; `said` is what the endpoint says about it."""

    def __init__(self, status: int, headers: Mapping[str, str], said: str) -> None:
        super().__init__(status)
        self.status = status
        self.headers = headers
        self.said = said


class ModelHttp:
    """Requests below `base_url` with `api_key`; connections are kept and not bounded here.

    `timeout_s` bounds the connecting, and then each wait for more of a reply, at `connect_s`
    and `timeout_s`. Proxies are taken from the environment.
    """

    def __init__(self, base_url: str, api_key: str, timeout_s: float, connect_s: float) -> None:
        self._base_url = base_url.rstrip("/")
        self._headers = {
            "authorization": f"Bearer {api_key}",
            "accept": "application/json, text/event-stream",
            "content-type": "application/json",
        }
        self._timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=connect_s, sock_read=timeout_s
        )
        self._open: aiohttp.ClientSession | None = None

    @asynccontextmanager
    async def post(
        self, path: str, body: Mapping[str, Any]
    ) -> AsyncGenerator[aiohttp.StreamReader, None]:
        """The reply's body, to be read as it comes.

        Raises StatusError for an error status, aiohttp's ClientError, or TimeoutError.
        """
        data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
        async with self._session().post(
            self._base_url + path, data=data, headers=self._headers
        ) as response:
            await _raise_for_status(response)
            yield response.content

    async def get(self, path: str) -> None:
        """Ask and forget the answer. Raises as `post` does."""
        async with self._session().get(self._base_url + path, headers=self._headers) as response:
            await _raise_for_status(response)

    async def close(self) -> None:
        """Close the connections."""
        if self._open is not None:
            await self._open.close()

    def _session(self) -> aiohttp.ClientSession:
        # It belongs to the loop that runs when the first call is made.
        if self._open is None:
            self._open = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEPT_S),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=self._timeout,
                trace_configs=[tell_when_sent()],
                proxy=_proxy(self._base_url),
            )
        return self._open


def _proxy(base_url: str) -> str | None:
    # Found out once: the HTTP library would read the environment and ~/.netrc at every request.
    address = urlsplit(base_url)
    if proxy_bypass(address.netloc):
        return None
    proxies = getproxies()
    return proxies.get(address.scheme) or proxies.get("all")


async def _raise_for_status(response: aiohttp.ClientResponse) -> None:
    if response.status < 400:
        return
    raw = b""
    async for part in response.content.iter_any():
        raw += part
        if len(raw) > _MOST_SAID:
            break
    raise StatusError(response.status, response.headers, _said(raw[:_MOST_SAID]))


def _said(raw: bytes) -> str:
    text = raw.decode("utf-8", "replace")
    try:
        value = json.loads(text)
    except ValueError:
        return text[:4000]
    error = value.get("error", value) if isinstance(value, dict) else value
    if not isinstance(error, dict):
        return str(error)[:4000]
    parts = (error.get("code") or "", error.get("param") or "", error.get("message") or error)
    return " ".join(map(str, parts))[:4000]
