"""One engine a session, stand-ins where images cannot be had, and a transcript of what was seen."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.compose.engine import engine, run, why_no_engine
from tests.compose.stack import ROOT, Stack, checkout
from tests.compose.stand_ins import build_missing

TRANSCRIPT = "ROLESTREAM_COMPOSE_TRANSCRIPT"


def versions() -> dict[str, str]:
    return dict(re.findall(r"^([A-Z_]+_VERSION)=(.+)$", (ROOT / ".env").read_text(), re.MULTILINE))


@pytest.fixture(scope="session")
def docker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    reason = why_no_engine()
    if reason:
        pytest.skip(reason)
    with engine(tmp_path_factory.mktemp("engine")) as env:
        yield env


@pytest.fixture(scope="session")
def stand_ins(docker: dict[str, str], pytestconfig: pytest.Config) -> list[str]:
    """The images that are not the published ones; said aloud."""
    version = versions()
    built = build_missing(
        docker,
        f"apache/kafka:{version['KAFKA_VERSION']}",
        "python:3.12-slim-bookworm",
        f"prom/prometheus:{version['PROMETHEUS_VERSION']}",
    )
    reporter = pytestconfig.pluginmanager.get_plugin("terminalreporter")
    if built and reporter is not None:
        reporter.write_line(f"compose: on stand-ins for {', '.join(built)}")
    return built


@pytest.fixture(scope="module")
def bring_up(
    docker: dict[str, str], stand_ins: list[str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Stack]]:
    stacks: list[Stack] = []

    def make(*files: str) -> Stack:
        folder = checkout(tmp_path_factory.mktemp("checkout"))
        stacks.append(Stack(folder, docker, *files))
        return stacks[-1]

    yield make
    for stack in stacks:
        stack.down()
        write_transcript(stack, stand_ins)


def write_transcript(stack: Stack, stand_ins: list[str]) -> None:
    """Add what a stack showed to the file that TRANSCRIPT names, if it does."""
    if not os.environ.get(TRANSCRIPT):
        return
    target = Path(os.environ[TRANSCRIPT])
    first = not target.exists()
    title = "Three brokers with TLS" if stack.files else "One broker"
    versions_seen = run("docker", "version", "--format", "{{.Server.Version}}", env=stack.env)
    with target.open("a", encoding="utf-8") as file:
        if first:
            file.write(
                "# What `docker compose` did\n\n"
                "Written by `make test-compose`, on two cores shared with other work.\n"
                f"Docker engine {versions_seen.stdout.strip()}. "
                + (
                    f"It ran on local stand-ins for {', '.join(stand_ins)}: "
                    "see [tests/compose](../tests/compose/README.md). Grafana did not run.\n"
                    if stand_ins
                    else "It ran on the published images.\n"
                )
            )
        file.write(f"\n## {title}\n\n```console\n" + "\n".join(stack.lines).rstrip() + "\n```\n")
