"""Batch sizes in running workers: added, pinned, explained and retired by name."""

import json
import time
from collections.abc import Callable

import pytest

from schemas.rewards import RewardEvent
from schemas.roles import BATCHED_ROLES, Role
from tests.flow import Deployment
from tests.scripted.text import marked

pytestmark = pytest.mark.kafka

Deploy = Callable[..., Deployment]
TEXTS = [
    marked(name, ["fact" if n % 2 else "opinion"], f"sentence {n} of the {name}")
    for name in ("mug", "lamp", "kite")
    for n in range(4)
]
SEEN_S = 2.0
LOCATOR = ("--domain", "news", "--role", "topic-locator")


def feed(deployment: Deployment, name: str) -> dict[Role, RewardEvent]:
    """Sends one window with three subjects and returns its runs by role."""
    accounted = sum(outcome.sentences for outcome in deployment.outcomes())
    before = {event.window_id for event in deployment.read("role-rewards", RewardEvent)}
    deployment.produce("news", name, TEXTS)
    deployment.wait_accounted(accounted + len(TEXTS))
    events = deployment.read("role-rewards", RewardEvent)
    return {e.role: e for e in events if e.window_id not in before and not e.late}


def calls(deployment: Deployment, model: str, role: Role) -> int:
    return int(deployment.calls()["calls"].get(f"{model}|{role.value}", 0))


def test_a_batch_size_is_an_arm_of_running_workers(deploy: Deploy) -> None:
    deployment = deploy(models=["oracle-1"], policy="fixed:oracle-1")
    deployment.start_worker()
    whole = feed(deployment, "whole")
    deployment.command(
        *("models", "add", "--name", "oracle-2", "--base-url", deployment.base_url),
        *("--input", "1", "--output", "1", "--batch-subjects", "0,2,1"),
    )
    for role in BATCHED_ROLES:
        where = ("--domain", "news", "--role", role.slug)
        deployment.command("policy", "pin", "oracle-2@1", *where)
    time.sleep(SEEN_S)
    runs = feed(deployment, "batched")
    assert {role: event.model for role, event in runs.items()} == {
        Role.TOPIC_FINDER: "oracle-1",
        Role.RELATIONSHIP_CHECKER: "oracle-1",
        Role.TOPIC_LOCATOR: "oracle-2@1",
        Role.CONTENT_ORGANIZER: "oracle-2@1",
    }
    assert all(event.kept and event.quality == 1.0 for event in runs.values())
    assert [calls(deployment, "oracle-2", role) for role in BATCHED_ROLES] == [3, 3]
    sent = {role: whole[role].input_tokens for role in BATCHED_ROLES}
    assert all(runs[role].input_tokens > sent[role] for role in BATCHED_ROLES)

    explained = json.loads(deployment.command("policy", "explain", *LOCATOR, "--json"))
    assert {row["model"] for row in explained["arms"]} >= {"oracle-2", "oracle-2@2", "oracle-2@1"}
    finder = ("--domain", "news", "--role", "topic-finder")
    refused = deployment.command("policy", "pin", "oracle-2@1", *finder, exit_status=2)
    assert "no arm 'oracle-2@1' serves topic_finder" in refused
    refused = deployment.command("models", "retire", "oracle-2@1", exit_status=2)
    assert "oracle-2@1 is a batch size of oracle-2, and goes as that goes" in refused

    deployment.command("models", "retire", "oracle-2")
    time.sleep(SEEN_S)
    assert {event.model for event in feed(deployment, "without").values()} == {"oracle-1"}
    listed = {m["name"]: m for m in json.loads(deployment.command("models", "list", "--json"))}
    assert listed["oracle-2@1"]["origin"] == "retired"
