"""`rolestream ingest` as a process: posted over real HTTP, read back from a real broker."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from deploy.brokers.process import free_ports
from schemas import RawText
from tests.flow import Deployment, until

pytestmark = pytest.mark.kafka

TOKEN = "a-token-of-many-characters"
INGEST = [sys.executable, "-m", "deploy.cli", "ingest", "--domain", "news"]


@pytest.fixture(scope="module")
def served(deploy_module: Callable[..., Deployment]) -> Iterator[tuple[Deployment, str]]:
    deployment = deploy_module()
    (port,) = free_ports(1)
    process = subprocess.Popen(
        [*INGEST, "--port", str(port), "--config", str(deployment.config_path)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "ROLESTREAM_INGEST_TOKEN": TOKEN},
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("ready:")
    yield deployment, f"http://127.0.0.1:{port}/v1/streams/desk/sentences"
    process.terminate()
    assert process.wait(15) == 0


def post(url: str, seqs: range, token: str = TOKEN) -> dict[str, int]:
    sentences = [{"seq": seq, "text": f"sentence {seq}"} for seq in seqs]
    request = Request(
        url,
        json.dumps({"sentences": sentences}).encode(),
        {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    with urlopen(request, timeout=20) as reply:
        report: dict[str, int] = json.load(reply)
    return report


def test_what_is_answered_is_in_kafka_in_order_and_once(served: tuple[Deployment, str]) -> None:
    deployment, url = served
    assert post(url, range(1, 501))["accepted"] == 500
    assert [item.seq for item in deployment.read("raw-news", RawText)] == list(range(1, 501))
    assert post(url, range(400, 601)) == {"accepted": 100, "already_there": 101, "last_seq": 600}
    until(lambda: len(deployment.read("raw-news", RawText)) == 600, 10)
    with pytest.raises(HTTPError, match="401"):
        post(url, range(601, 602), token="another-token-of-that-length")


def test_elsewhere_than_on_this_machine_it_needs_a_token(
    deploy_module: Callable[..., Deployment],
) -> None:
    printed = deploy_module().command(
        "ingest", "--domain", "news", "--host", "0.0.0.0", exit_status=2
    )
    assert "needs a token" in printed
    assert len(printed.strip().splitlines()) == 1
