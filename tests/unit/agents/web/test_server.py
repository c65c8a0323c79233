"""The HTTP server as a client meets it."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession, ClientTimeout, web

from agents.web.health import Health
from agents.web.live.board import Board
from agents.web.live.explain import Explainer
from agents.web.page import LivePage
from agents.web.server import WebServer
from pipeline.clock import ManualClock
from pipeline.config import Config, KafkaSettings, WebSettings
from pipeline.decisions.policy_maker import PolicyMaker
from pipeline.errors import ConfigurationError
from pipeline.models.declared import DeclaredModels
from tests.live_messages import AT, assignment, model, record

TOKEN = "a-token-of-24-characters"
MODELS = (model("small", 0.1), model("large", 5.0))


class Broker:
    """How long ago the broker answered."""

    ago_s: float | None = 1.0


def live_page(board: Board, tick_s: float = 0.01) -> LivePage:
    config = Config(kafka=KafkaSettings(bootstrap_servers="127.0.0.1:1"), models=MODELS)
    maker = PolicyMaker(config, DeclaredModels(MODELS))
    return LivePage(board, Explainer(maker, {}, config.kafka.partitions), tick_s)


@pytest.fixture
def broker() -> Broker:
    return Broker()


@pytest.fixture
def board() -> Board:
    return Board(ManualClock(AT), ("news",), lambda: MODELS)


@pytest.fixture
async def server(broker: Broker, board: Board) -> AsyncIterator[WebServer]:
    page = live_page(board)
    server = WebServer(WebSettings(), Health((), lambda: broker.ago_s), [page], page.routes())
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def client(server: WebServer) -> AsyncIterator[ClientSession]:
    async with ClientSession(server.address, timeout=ClientTimeout(total=5)) as session:
        yield session


async def test_health_says_why_not(client: ClientSession, broker: Broker) -> None:
    async with client.get("/readyz") as reply:
        assert (reply.status, await reply.json()) == (200, {"ready": True, "reasons": []})
    broker.ago_s = 9.0
    async with client.get("/readyz") as reply:
        assert reply.status == 503
        assert "no broker has answered for 9 s" in await reply.text()
    async with client.get("/healthz") as reply:
        assert reply.status == 200


async def test_metrics_are_what_prometheus_reads(client: ClientSession, broker: Broker) -> None:
    broker.ago_s = None
    async with client.get("/metrics") as reply:
        assert reply.headers["Content-Type"].startswith("text/plain; version=")
        assert "\nrolestream_ready 0.0\n" in await reply.text()


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["/", "/metrics", "/api/view", "/api/events"])
async def test_nothing_can_be_changed(client: ClientSession, method: str, path: str) -> None:
    async with client.request(method, path) as reply:
        assert reply.status == 405


async def test_reading_changes_nothing(client: ClientSession, board: Board) -> None:
    board.assigned(assignment())
    before = board.since(0)
    for path in ("/", "/api/view", "/api/explanation?domain=news&role=topic-finder", "/metrics"):
        async with client.get(path) as reply:
            assert reply.status == 200
    assert board.since(0) == before


@pytest.mark.parametrize("path", ["/", "/api/view", "/nothing", "/static/page.js", "/readyz"])
async def test_every_answer_has_the_strict_headers(client: ClientSession, path: str) -> None:
    async with client.get(path) as reply:
        policy = reply.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        assert "require-trusted-types-for 'script'" in policy
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert reply.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "path",
    ["/static/../server.py", "/static/%2e%2e/server.py", "/static/..%2fserver.py", "/static/"],
)
async def test_only_the_pages_own_files_are_served(client: ClientSession, path: str) -> None:
    async with client.get(path) as reply:
        assert reply.status == 404


async def test_everything_the_page_names_is_there(client: ClientSession) -> None:
    async with client.get("/") as reply:
        text = await reply.text()
    named = [part.partition('"')[0] for part in text.split('"/static/')[1:]]
    assert "page.js" in named
    for name in [*named, "state.js", "charts.js", "roles.js", "records.js", "dom.js", "format.js"]:
        async with client.get(f"/static/{name}") as reply:
            assert reply.status == 200
            assert reply.content_type != "application/octet-stream"
    assert "http://" not in text
    assert "https://" not in text


async def test_a_foreign_host_name_is_refused(client: ClientSession) -> None:
    async with client.get("/api/view", headers={"Host": "evil.example"}) as reply:
        assert reply.status == 421


async def test_events_begin_with_all_and_go_on_with_changes(
    client: ClientSession, board: Board
) -> None:
    board.record(record("first"))
    async with client.get("/api/events") as reply:
        assert reply.content_type == "text/event-stream"
        whole = json.loads((await reply.content.readuntil(b"\n\n"))[6:])
        assert whole["since_version"] == 0
        assert whole["records"][0]["sentences"][0]["text"] == "first"
        board.record(record("second"))
        while not (change := json.loads((await reply.content.readuntil(b"\n\n"))[6:]))["records"]:
            assert change["since_version"] == whole["version"]
        assert [item["sentences"][0]["text"] for item in change["records"]] == ["second"]


async def test_readers_are_bounded(client: ClientSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agents.web.page.MOST_CLIENTS", 2)
    events = "/api/events"
    async with client.get(events), client.get(events), client.get(events) as third:
        assert third.status == 503
    await asyncio.sleep(0.05)
    async with client.get("/api/events") as again:
        assert again.status == 200


async def test_explanations(client: ClientSession) -> None:
    async with client.get("/api/explanation?domain=news&role=topic-finder") as reply:
        told = await reply.json()
    assert told["learnt"] is False
    assert told["words"]
    for query in ("role=nobody", "role=format_checker&domain=news", ""):
        async with client.get(f"/api/explanation?{query}") as reply:
            assert reply.status == 404


async def test_with_a_token(monkeypatch: pytest.MonkeyPatch, board: Board) -> None:
    monkeypatch.setenv("ROLESTREAM_WEB_TOKEN", TOKEN)
    page = live_page(board)
    server = WebServer(WebSettings(host="0.0.0.0"), Health((), lambda: None), [page], page.routes())
    await server.start()
    try:
        async with ClientSession(f"http://127.0.0.1:{server.port}") as client:
            for path in ("/", "/metrics", "/api/view", "/api/events", "/static/page.js", "/x"):
                async with client.get(path) as reply:
                    assert reply.status == 401
                    assert reply.headers["WWW-Authenticate"].startswith("Basic")
            async with client.get("/readyz") as reply:
                assert (reply.status, await reply.json()) == (503, {"ready": False, "reasons": []})
            shown = {"Authorization": f"Bearer {TOKEN}"}
            async with client.get("/readyz", headers=shown) as reply:
                assert (await reply.json())["reasons"]
            async with client.get("/metrics", headers=shown) as reply:
                assert reply.status == 200
                assert TOKEN not in await reply.text()
    finally:
        await server.stop()


async def test_a_taken_port_is_one_clear_line_and_the_default_looks_further(
    server: WebServer,
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        settings = WebSettings(port=taken.getsockname()[1])
        late = WebServer(settings, Health((), lambda: 0.0))
        with pytest.raises(ConfigurationError, match=r"cannot listen on 127.0.0.1:\d+"):
            await late.start()
        await late.stop()
    other = WebServer(WebSettings(), Health((), lambda: 0.0))
    await other.start()
    assert other.port != server.port
    await other.stop()


async def test_a_fault_in_an_answer_tells_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def fails(request: web.Request) -> web.StreamResponse:
        raise RuntimeError("secret detail")

    server = WebServer(WebSettings(), Health((), lambda: 0.0), (), [web.get("/fails", fails)])
    await server.start()
    try:
        async with ClientSession(server.address) as client, client.get("/fails") as reply:
            assert reply.status == 500
            assert "secret" not in await reply.text()
    finally:
        await server.stop()
