"""The chaos suite's own Kafka cluster, deployments on it, and the report of what was measured."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.brokers.apache import ApacheKafka
from tests.brokers import why_no_jars
from tests.chaos.fleet import LOG_APPEND_TIME, MODEL_LINES, SPLITTER
from tests.flow import Deployment

Deploy = Callable[..., Deployment]


@pytest.fixture(scope="session")
def shared_kafka() -> Iterator[ApacheKafka]:
    """One broker for the scenarios that leave it alone."""
    yield from _cluster(1)


@pytest.fixture
def own_kafka() -> Iterator[ApacheKafka]:
    """One broker that the scenario may stop and kill."""
    yield from _cluster(1)


@pytest.fixture
def three_brokers() -> Iterator[ApacheKafka]:
    """Three brokers with min.insync.replicas=2."""
    yield from _cluster(3)


def _cluster(brokers: int) -> Iterator[ApacheKafka]:
    missing = why_no_jars()
    if missing:
        pytest.skip(f"no Apache Kafka: {missing}")
    with ApacheKafka(brokers, overrides=LOG_APPEND_TIME) as cluster:
        yield cluster


@pytest.fixture
def deploy_on(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Deployment]]:
    """Makes deployments on a cluster; their models take a while, so that kills meet calls."""
    running: list[Deployment] = []

    def make(cluster: ApacheKafka, **settings: Any) -> Deployment:
        defaults: dict[str, Any] = {
            "models": ["slow-1", "slow-2"],
            "policy": "default",
            "splitter": SPLITTER,
            "delay_s": 0.5,
            "model_lines": MODEL_LINES,
            "partitions": 4,
        }
        folder = tmp_path_factory.mktemp("chaos")
        deployment = Deployment(cluster.bootstrap_servers, folder, **{**defaults, **settings})
        running.append(deployment)
        return deployment

    yield make
    for deployment in running:
        deployment.stop()


@pytest.fixture
def measured(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Writes a line of figures for people: to the terminal and to ROLESTREAM_CHAOS_REPORT."""
    terminal = request.config.pluginmanager.get_plugin("terminalreporter")

    def tell(line: str) -> None:
        line = f"{request.node.name}: {line}"
        if terminal is not None:
            terminal.write_line(f"\n{line}")
        path = os.environ.get("ROLESTREAM_CHAOS_REPORT")
        if path:
            with Path(path).open("a", encoding="utf-8") as report:
                report.write(line + "\n")

    return tell
