"""`docker compose up` from a clean checkout to records, then more workers, then what is watched."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.compose.engine import run
from tests.compose.stack import Stack

pytestmark = [pytest.mark.compose, pytest.mark.timeout(2400)]

TALK = (
    "Good evening, and welcome. First the copper kettle. The kettle holds two litres. "
    "It boils in ninety seconds. The kettle costs thirty nine pounds today. "
    "Buy it now and the lid is free. Next the oak table. The oak table seats six people. "
    "The table costs two hundred pounds. Order the table before midnight. Thank you, good night."
)
WORKERS = {"splitter", "role-worker", "policy"}


@pytest.fixture(scope="module")
def stack(bring_up: Callable[..., Stack]) -> Stack:
    stack = bring_up()
    # What a first `up` does by itself; images of an earlier run would hide a change.
    stack.compose("build", "--quiet")
    stack.compose("up", "--detach")
    stack.until(
        "every worker is ready",
        lambda: all(
            {c["Health"] for c in stack.services().get(name, ())} == {"healthy"}
            for name in WORKERS | {"kafka", "models"}
        ),
    )
    stack.compose("ps", "--all", "--format", "table {{.Service}}\t{{.Image}}\t{{.Status}}")
    return stack


def test_what_is_produced_comes_out_as_records(stack: Stack) -> None:
    stack.compose(
        "run", "--rm", "-T", "cli", "produce", "-", "--domain", "ecommerce",
        "--stream", "shop-7", "--end", text=TALK,
    )  # fmt: skip
    found = stack.until(
        "the first categorised record of shop-7",
        lambda: stack.records("ecommerce", "shop-7", ("cli", "consume")),
    )
    assert all(text["text"] in TALK for record in found for text in record["sentences"])
    shown = stack.compose(
        "run", "--rm", "-T", "cli", "consume", "--domain", "ecommerce", "--stream", "shop-7"
    )
    assert "copper kettle" in shown
    assert "The kettle holds two litres." in shown


def test_the_sample_text_comes_out_too(stack: Stack) -> None:
    assert stack.until(
        "a record of the sample text",
        lambda: stack.records("news", "sample-news-en", ("cli", "consume")),
    )


def test_more_workers_share_the_partitions(stack: Stack) -> None:
    stack.compose("up", "--detach", "prometheus")
    stack.compose("up", "--detach", "--no-recreate", "--scale", "role-worker=3")

    def shares() -> list[int]:
        rows = stack.query('rolestream_assigned_partitions{role=~"topic.finder"}')
        found = sorted(int(row["value"][1]) for row in rows)
        return found if len(found) == 3 and sum(found) == 6 and found[0] > 0 else []

    assert stack.until("three workers serve the 6 partitions", shares) == [2, 2, 2]
    healthy = [c["Health"] for c in stack.services()["role-worker"]]
    stack.lines += ["# partitions of the topic finder by worker: 2, 2, 2", ""]
    assert len(healthy) == 3


@pytest.mark.parametrize("dashboard", ["rolestream", "models"])
def test_every_query_of_a_dashboard_returns_data(stack: Stack, dashboard: str) -> None:
    stack.compose("up", "--detach", "prometheus", told=False)
    path = stack.folder / "deploy" / "grafana" / "dashboards" / f"{dashboard}.json"
    panels = json.loads(path.read_text(encoding="utf-8"))["panels"]
    queries = {t["expr"] for panel in panels for t in panel.get("targets", ())}

    def empty() -> set[str]:
        return {query for query in queries if not stack.query(query)}

    stack.until(f"all {len(queries)} queries of the dashboard {dashboard} return data",
                lambda: not empty(), limit_s=300)  # fmt: skip


def test_prometheus_takes_the_rules_and_reaches_every_worker(stack: Stack) -> None:
    groups = stack.prometheus("rules")["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert rules
    assert {rule["health"] for rule in rules} <= {"ok", "unknown"}
    targets = stack.prometheus("targets")["activeTargets"]
    assert {t["labels"]["service"] for t in targets if t["health"] == "up"} == WORKERS


def test_no_container_has_more_rights_than_it_needs(stack: Stack) -> None:
    for containers in stack.services().values():
        for container in containers:
            name = container["Name"]
            asked = run("docker", "inspect", name, env=stack.env)
            [seen] = json.loads(asked.stdout)
            host = seen["HostConfig"]
            assert host["ReadonlyRootfs"], name
            assert host["CapDrop"] == ["ALL"], name
            assert "no-new-privileges:true" in host["SecurityOpt"], name
            assert host["Memory"] > 0, name
            assert host["PidsLimit"] > 0, name
            assert seen["Config"]["User"] not in ("", "0", "root"), name
            published = [
                binding["HostIp"] for rows in (host["PortBindings"] or {}).values()
                for binding in rows
            ]  # fmt: skip
            assert set(published) <= {"127.0.0.1"}, name


def test_nothing_was_written_into_the_checkout(stack: Stack) -> None:
    assert not (stack.folder / ".env.local").exists()
    assert not list(Path(stack.folder).glob("*-data"))


def test_alerts_fire_when_they_should(stack: Stack) -> None:
    cases = stack.folder / "tests" / "compose" / "alerts.yml"
    told = stack.compose(
        "run", "--rm", "-T", "--no-deps", "--entrypoint", "promtool",
        # The image is read-only: its volume is where promtool can keep its series.
        "-e", "TMPDIR=/prometheus", "-v", f"{cases}:/opt/alerts.yml:ro",
        "prometheus", "test", "rules", "/opt/alerts.yml", told=False,
    )  # fmt: skip
    assert "SUCCESS" in told
