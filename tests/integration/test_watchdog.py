"""A real worker that hangs ends itself, is started again, and gets past what it hung at."""

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from agents.stall_book import StallBook
from agents.watchdog import EXIT_STATUS, RESTARTS
from deploy.brokers.process import free_ports
from schemas.dead_letter import Source
from tests.flow import Deployment, until
from tests.integration.test_web import ask
from tests.scripted.text import marked

pytestmark = pytest.mark.kafka

Deploy = Callable[..., Deployment]
TEXTS = [marked("mug", ["opening"], f"sentence {n}") for n in range(6)]


class Supervised:
    """A worker that is started again whenever it ends as a supervisor's policy expects."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self.ends: list[int] = []
        self.logs: list[Path] = []
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        config = str(self._deployment.config_path)
        process, log = self._deployment._spawn(
            "tests.chaos.hanging_worker", ["worker", "--config", config, "--no-create-topics"]
        )
        self.logs.append(log)
        return process

    def look(self) -> None:
        status = self.process.poll()
        if status is not None:
            self.ends.append(status)
            self.process = self._start()

    def until(self, done: Callable[[], bool], limit_s: float) -> None:
        deadline = time.monotonic() + limit_s
        while not done():
            self.look()
            assert time.monotonic() < deadline, self._deployment.worker_log()
            time.sleep(0.3)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        pytest.param(
            "hangs-1",
            "has stood still at 0 for 3 s or more with",
            marks=pytest.mark.slow,
        ),
        ("blocks-1", "s while handling"),
    ],
)
def test_a_message_that_stops_workers_is_dead_lettered_in_the_end(
    deploy: Deploy, name: str, told: str
) -> None:
    deployment = deploy(worker="stalled_after_s = 3.0\nwindow_deadline_s = 1.0")
    deployment.produce("ecommerce", name, TEXTS)
    worker = Supervised(deployment)
    worker.until(lambda: len(deployment.dead_letters()) > 0, 150)
    letter = deployment.dead_letters()[0]
    assert (letter.error.kind, letter.key) == ("standstill", name)
    assert set(worker.ends) == {EXIT_STATUS}
    assert len(worker.ends) >= RESTARTS
    for log in worker.logs[:RESTARTS]:
        assert told in log.read_text()
        assert "Traceback" not in log.read_text()
    deployment.produce("ecommerce", "well", TEXTS)
    worker.until(lambda: len(deployment.records("ecommerce")) > 0, 60)


def test_health_of_a_worker_that_hangs(deploy: Deploy, monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_ports(1)[0]
    monkeypatch.setenv("ROLESTREAM__WEB__PORT", str(port))
    deployment = deploy(worker="stalled_after_s = 3.0\nwindow_deadline_s = 600.0")
    deployment.produce("ecommerce", "hangs-1", TEXTS)
    worker = Supervised(deployment)
    until(lambda: ask(port, "/readyz")[0] == 200, 60)
    stalled = 'rolestream_stalled_partitions{role="topic_finder"} 1.0'
    until(lambda: stalled in ask(port, "/metrics")[1], 60)
    status, text = ask(port, "/readyz")
    assert status == 503
    assert "stands still" in json.loads(text)["reasons"][0]
    assert ask(port, "/healthz")[0] == 200
    assert worker.ends == []


def test_the_book_counts_by_message(deploy: Deploy) -> None:
    kafka = deploy().config.kafka
    book = StallBook(kafka)
    places = [(kafka.named("role-topic-finder"), 0), (kafka.named("role-topic-finder"), 1)]
    here, there = (Source(kafka_topic=t, partition=p, offset=7) for t, p in places)
    assert book.read(places) == {}
    assert [book.count([here]), book.count([here, there]), book.count([here])] == [1, 2, 3]
    later = here.model_copy(update={"offset": 8})
    assert book.count([later]) == 1
    assert book.read(places) == {here: 3, later: 1, there: 1}
