"""Fetches a feed over HTTP, again and again if wanted, and only what is new of it."""

import io
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus

import urllib3

from deploy.ingest.feed import MAX_FEED_BYTES
from deploy.ingest.lines import Fault
from deploy.ingest.reader import Entry, Input
from pipeline.errors import InvalidInputError, RetryableError

TIMEOUT_S = 20.0


class FeedSource:
    """A feed at `url`; an unchanged one is not sent again by a server that marks its versions."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._pool = urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=TIMEOUT_S, read=TIMEOUT_S),
            retries=urllib3.Retry(0, redirect=5),
        )
        self._marks: dict[str, str] = {}
        self._done: set[str] = set()

    def fetch(self) -> io.BufferedReader | None:
        """The feed as it is now; None if the server says that it has not changed.

        Raises RetryableError if it cannot be had now, InvalidInputError if it never can.
        """
        try:
            reply = self._pool.request("GET", self.url, headers=self._marks, preload_content=False)
            try:
                if reply.status == HTTPStatus.NOT_MODIFIED:
                    return None
                self._require_success(reply.status)
                body = reply.read(MAX_FEED_BYTES + 1)
            finally:
                reply.release_conn()
        except urllib3.exceptions.LocationParseError as error:
            raise InvalidInputError(f"{self.url} is no address: {error}") from None
        except urllib3.exceptions.HTTPError as error:
            cause = getattr(error, "reason", None) or error
            raise RetryableError(f"cannot fetch {self.url}: {cause}") from None
        self._remember(reply.headers)
        return io.BufferedReader(io.BytesIO(body))

    def batches(
        self,
        first: Input,
        messages: Callable[[Input], Iterator[Entry | Fault]],
        every_s: float | None,
        wait: Callable[[float], None],
        warn: Callable[[str], None],
    ) -> Iterator[Iterator[Entry | Fault]]:
        """The messages of `first`; with `every_s`, then what is new each time the feed changed."""
        yield self._new(messages(first))
        while every_s is not None:
            wait(every_s)
            try:
                source = self.fetch()
            except RetryableError as error:
                warn(f"{error}; trying again in {every_s:g} s")
                continue
            if source is not None:
                yield self._new(messages(Input(first.name, source, first.format)))

    def _new(self, items: Iterator[Entry | Fault]) -> Iterator[Entry | Fault]:
        current: set[str] = set()
        for item in items:
            if isinstance(item, Fault):
                yield item
            elif item.message.stream_id not in self._done:
                current.add(item.message.stream_id)
                yield item
        self._done |= current

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()

    def _require_success(self, status: int) -> None:
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS:
            raise RetryableError(f"cannot fetch {self.url}: the server answers {status}")
        if status != HTTPStatus.OK:
            raise InvalidInputError(f"cannot fetch {self.url}: the server answers {status}")

    def _remember(self, headers: Mapping[str, str]) -> None:
        self._marks = {}
        if "ETag" in headers:
            self._marks["If-None-Match"] = headers["ETag"]
        if "Last-Modified" in headers:
            self._marks["If-Modified-Since"] = headers["Last-Modified"]


def is_url(file: str) -> bool:
    """Whether what `produce` is given is an address and not a file."""
    return file.lower().startswith(("http://", "https://"))
