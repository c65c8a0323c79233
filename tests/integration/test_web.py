"""Health, metrics, status and top of a real worker on a real broker."""

import fcntl
import json
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import pytest

from deploy.brokers.embedded import EmbeddedBroker
from deploy.brokers.process import free_ports
from schemas.roles import Role
from tests.flow import Deployment, until
from tests.scripted.text import marked

pytestmark = pytest.mark.kafka

Deploy = Callable[..., Deployment]
TEXTS = [marked("mug", ["fact"] if n % 2 else ["opinion"], f"sentence {n}") for n in range(6)]
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[()].")


def ask(port: int, path: str) -> tuple[int, str]:
    """Status and text of an answer; 0 while nobody listens."""
    try:
        with urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as reply:
            return reply.status, reply.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()
    except (URLError, ConnectionError, TimeoutError):
        return 0, ""


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> int:
    """Where the worker of this test will listen."""
    number = free_ports(1)[0]
    monkeypatch.setenv("ROLESTREAM__WEB__PORT", str(number))
    return number


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[EmbeddedBroker]:
    """A broker that the test may kill."""
    broker = EmbeddedBroker(log_path=tmp_path / "broker.log")
    broker.start()
    yield broker
    broker.stop()


def test_health_tells_the_truth(own_broker: EmbeddedBroker, port: int, tmp_path: Path) -> None:
    deployment = Deployment(own_broker.bootstrap_servers, tmp_path, policy="fixed:oracle")
    try:
        arguments = ["worker", "--config", str(deployment.config_path), "--no-create-topics"]
        process, log = deployment._spawn("deploy.cli", arguments)
        before: set[str] = set()

        def is_ready() -> bool:
            assert process.poll() is None, log.read_text()
            status, text = ask(port, "/readyz")
            if status == 503:
                before.update(json.loads(text)["reasons"])
            return status == 200

        until(is_ready, 60)
        assert any("not started" in reason or "partitions" in reason for reason in before)
        assert ask(port, "/healthz")[0] == 200
        metrics = ask(port, "/metrics")[1]
        assert "\nrolestream_ready 1.0\n" in metrics
        assert 'rolestream_assigned_partitions{role="topic_finder"} 2.0' in metrics

        own_broker.stop()
        until(lambda: ask(port, "/readyz")[0] == 503, 20)
        assert "no broker has answered" in ask(port, "/readyz")[1]
        assert ask(port, "/healthz")[0] == 200
    finally:
        deployment.stop()


@pytest.fixture(scope="module")
def running(deploy_module: Deploy) -> Deployment:
    """A deployment that has done some work."""
    deployment = deploy_module(models=["oracle-1", "oracle-2"], policy="fixed:oracle-1")
    deployment.start_worker(",".join([*(role.slug for role in Role), "policy"]))
    deployment.produce("news", "stream-1", TEXTS)
    deployment.produce_bytes("raw-news", "stream-1", b"no json \x1b[31m")
    deployment.flush()
    deployment.wait_accounted(len(TEXTS))
    return deployment


def view(deployment: Deployment) -> Any:
    """What `rolestream status --json` says."""
    return json.loads(deployment.command("status", "--json"))


def test_status_for_scripts_has_what_the_page_has(running: Deployment) -> None:
    def settled() -> bool:
        found = view(running)
        return not any(found["lag"].values()) and bool(found["dead_letters"])

    until(settled, 30)
    found = view(running)
    assert found["broker"] is True
    assert found["totals"]["sentences"] == len(TEXTS)
    assert {line["text"] for r in found["records"] for line in r["sentences"]} <= set(TEXTS)
    assert found["records"]
    (finder,) = [r for r in found["roles"] if (r["domain"], r["role"]) == ("news", "topic_finder")]
    assert finder["primary"] == "oracle-1"
    assert finder["runs"] >= 1
    assert finder["spend_usd"] > 0
    assert finder["dearest"]["model"] == "oracle-2"
    assert set(found["lag"]) == {role.value for role in Role} | {"policy"}
    assert found["dead_letters"][0]["role"] == "chunk-splitter"


def test_status_for_people(running: Deployment) -> None:
    told = running.command("status")
    assert "oracle-1" in told
    assert "6 sentences" in told
    assert "dead letter invalid" in told
    assert "waiting: " in told
    assert "\x1b" not in told


def test_status_without_a_configuration(running: Deployment) -> None:
    told = running.command("status", "--json", "--bootstrap-servers", "127.0.0.1:1", exit_status=2)
    assert "no Kafka broker answers" in told


def test_top_in_a_terminal(running: Deployment) -> None:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 150, 0, 0))
    before = termios.tcgetattr(theirs)
    process = subprocess.Popen(
        [sys.executable, "-m", "deploy.cli", "top", "--config", str(running.config_path)],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm-256color"},
    )
    shown = b""
    try:
        deadline = time.monotonic() + 60
        while b"sentence" not in shown or b"oracle-1" not in shown or b"live" not in shown:
            assert time.monotonic() < deadline, shown[-3000:]
            assert process.poll() is None, shown[-3000:]
            if select.select([ours], [], [], 0.2)[0]:
                shown += os.read(ours, 65536)
        os.write(ours, b"q")
        while process.poll() is None:
            assert time.monotonic() < deadline
            if select.select([ours], [], [], 0.2)[0]:
                shown += os.read(ours, 65536)
    finally:
        process.kill()
        after = termios.tcgetattr(theirs)
        os.close(ours)
        os.close(theirs)
    assert process.returncode == 0
    assert after == before
    text = ESCAPES.sub("", shown.decode())
    assert "topic finder" in text
    assert "records" in text


def test_top_wants_a_terminal(running: Deployment) -> None:
    assert "rolestream status --json" in running.command("top", exit_status=2)


def test_up_runs_everything_of_a_configuration_and_says_where(deploy: Deploy, port: int) -> None:
    deployment = deploy(policy="fixed:oracle")
    process, log = deployment._spawn("deploy.cli", ["up", "--config", str(deployment.config_path)])
    until(lambda: b"ready:" in log.read_bytes() or process.poll() is not None, 60)
    told = log.read_text()
    assert f"web: http://127.0.0.1:{port}/ (metrics, healthz, readyz, live page)" in told
    assert "ready: chunk-splitter" in told
    assert ask(port, "/")[0] == 200
    process.terminate()
    assert process.wait(30) == 0
    assert ask(port, "/readyz")[0] == 0


def test_what_nobody_works_on_waits_and_garbage_is_left_out(deploy: Deploy) -> None:
    deployment = deploy(policy="fixed:oracle")
    deployment.produce("news", "stream-1", TEXTS)
    deployment.produce_bytes("records-news", "stream-1", b"no record")
    deployment.produce_bytes("role-rewards", "news|topic_finder", None)
    deployment.flush()
    found = view(deployment)
    assert found["lag"]["chunk_splitter"] == len(TEXTS)
    assert found["lag"]["policy"] == 1
    assert found["lag"]["topic_finder"] == 0
    assert found["totals"]["records"] == 0
