"""`POST /v1/streams/{stream_id}/sentences`: in order, idempotent by seq, with back-pressure."""

import asyncio
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass, field

from aiohttp import web

from agents.web.access import Access
from deploy.ingest.endpoint.publisher import FullError, Publisher
from deploy.ingest.endpoint.sentences import messages_of
from pipeline.config import KafkaSettings
from pipeline.errors import InvalidInputError, RetryableError
from schemas.catalogue import raw_kafka_topic

MAX_BODY_BYTES = 8 * 1024 * 1024
MAX_STREAMS = 100_000
RETRY_AFTER_S = "1"


@dataclass
class Turn:
    """The posts of one stream, one after the other."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0


class Ingest:
    """Takes batches of sentences; `domains` are those it may write to, the first by default.

    What Kafka has acknowledged of a stream is remembered for the last MAX_STREAMS streams, and
    not sent again when it is posted again. A sentence that is posted again after a restart may be
    sent twice; the chunk splitter leaves it out by its seq.
    """

    def __init__(
        self, kafka: KafkaSettings, domains: Collection[str], publisher: Publisher, access: Access
    ) -> None:
        self._kafka = kafka
        self._domains = list(domains)
        self._publisher = publisher
        self._access = access
        self._last_seqs: OrderedDict[tuple[str, str], int] = OrderedDict()
        self._turns: dict[tuple[str, str], Turn] = {}

    def application(self) -> web.Application:
        """The application, ready to be served."""
        app = web.Application(client_max_size=MAX_BODY_BYTES)
        app.add_routes(
            [
                web.post("/v1/streams/{stream_id}/sentences", self._post),
                web.get("/healthz", self._healthz),
            ]
        )
        return app

    async def _healthz(self, request: web.Request) -> web.Response:
        return web.json_response({"alive": True})

    async def _post(self, request: web.Request) -> web.Response:
        if not self._access.allows(request.headers):
            headers = {"WWW-Authenticate": "Bearer"}
            return _refused(401, "the token is missing or wrong", headers)
        domain = request.query.get("domain", self._domains[0])
        if domain not in self._domains:
            known = ", ".join(self._domains)
            return _refused(404, f"there is no domain {domain!r} here; there are {known}")
        stream_id = request.match_info["stream_id"]
        try:
            messages = messages_of(stream_id, await request.read())
        except InvalidInputError as error:
            return _refused(422, str(error))
        key = (domain, stream_id)
        turn = self._turns.setdefault(key, Turn())
        turn.waiting += 1
        try:
            async with turn.lock:
                last = self._last_seqs.get(key, -1)
                new = [message for message in messages if message.seq > last]
                if new:
                    kafka_topic = self._kafka.named(raw_kafka_topic(domain))
                    await self._publisher.publish(kafka_topic, new)
                    self._remember(key, new[-1].seq)
        except FullError as error:
            return _refused(429, str(error), {"Retry-After": RETRY_AFTER_S})
        except RetryableError as error:
            return _refused(503, str(error), {"Retry-After": RETRY_AFTER_S})
        finally:
            turn.waiting -= 1
            if not turn.waiting:
                del self._turns[key]
        return web.json_response(
            {
                "accepted": len(new),
                "already_there": len(messages) - len(new),
                "last_seq": self._last_seqs[key],
            }
        )

    def _remember(self, key: tuple[str, str], seq: int) -> None:
        self._last_seqs[key] = seq
        self._last_seqs.move_to_end(key)
        while len(self._last_seqs) > MAX_STREAMS:
            self._last_seqs.popitem(last=False)


def _refused(status: int, problem: str, headers: dict[str, str] | None = None) -> web.Response:
    return web.json_response({"error": problem}, status=status, headers=headers)
