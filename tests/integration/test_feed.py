"""`produce` with the address of a feed, against a real HTTP server: once, again, and followed."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from schemas import RawText
from tests.flow import Deployment, until

pytestmark = pytest.mark.kafka

ENTRY = (
    "<item><guid>{0}</guid><title>Story {0}</title><description>Text of {0}.</description></item>"
)


class FeedServer:
    """Serves a feed of the first `entries` stories with an ETag, or fails with `status`."""

    def __init__(self) -> None:
        self.entries = 2
        self.status = 200
        self.replies: list[int] = []
        feed = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                tag = f'"{feed.entries}"'
                unchanged = self.headers.get("If-None-Match") == tag
                status = 304 if unchanged and feed.status == 200 else feed.status
                items = "".join(ENTRY.format(number) for number in range(feed.entries))
                body = f'<rss version="2.0"><channel>{items}</channel></rss>'.encode()
                self.send_response(status)
                self.send_header("ETag", tag)
                self.send_header("Last-Modified", formatdate(0, usegmt=True))
                self.end_headers()
                if status == 200:
                    self.wfile.write(body)
                feed.replies.append(status)

            def log_message(self, *arguments: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/feed"


@pytest.fixture
def feed() -> Iterator[FeedServer]:
    served = FeedServer()
    Thread(target=served.server.serve_forever, daemon=True).start()
    yield served
    served.server.shutdown()


def texts(deployment: Deployment) -> list[str]:
    return [item.text for item in deployment.read("raw-news", RawText) if item.text]


def test_a_feed_is_sent_once_and_followed(
    deploy_module: Callable[..., Deployment], feed: FeedServer
) -> None:
    deployment = deploy_module()
    arguments = ("produce", feed.url, "--domain", "news")
    first = json.loads(deployment.command(*arguments, "--json"))
    assert first["sent"] == 4
    again = json.loads(deployment.command(*arguments, "--json"))
    assert (again["sent"], again["already_there"]) == (0, 4)

    command = [sys.executable, "-m", "deploy.cli", *arguments, "--every", "1"]
    follower = subprocess.Popen(
        [*command, "--config", str(deployment.config_path)],
        stderr=subprocess.PIPE,
        text=True,
    )
    until(lambda: 304 in feed.replies, 20)
    feed.status = 503
    until(lambda: 503 in feed.replies, 20)
    feed.entries, feed.status = 3, 200
    until(lambda: "Text of 2." in texts(deployment), 20)
    follower.send_signal(signal.SIGINT)
    _, errors = follower.communicate(timeout=20)
    assert "the server answers 503; trying again in 1 s" in errors
    assert "2 sentences sent" in errors
    assert sorted(texts(deployment)) == sorted(
        text for number in range(3) for text in (f"Story {number}", f"Text of {number}.")
    )
    ends = [item.stream_id for item in deployment.read("raw-news", RawText) if item.end]
    assert len(ends) == len(set(ends)) == 3


@pytest.mark.parametrize(
    ("arguments", "status", "exit_status", "says"),
    [
        ((), 404, 2, "the server answers 404"),
        ((), 500, 1, "the server answers 500"),
        (("--every", "5"), 200, 2, "--every is for the address of a feed"),
    ],
)
def test_mistakes_get_one_line(
    deploy_module: Callable[..., Deployment],
    feed: FeedServer,
    arguments: tuple[str, ...],
    status: int,
    exit_status: int,
    says: str,
) -> None:
    feed.status = status
    file = __file__ if arguments else feed.url
    printed = deploy_module().command(
        "produce", file, "--domain", "news", *arguments, exit_status=exit_status
    )
    assert says in printed
    assert len(printed.strip().splitlines()) == 1
