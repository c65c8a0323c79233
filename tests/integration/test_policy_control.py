"""People's word to the policy: pin, freeze, roll back, explain; it outlives the policy agent."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from schemas.rewards import RewardEvent
from schemas.roles import Role
from tests.flow import Deployment, until
from tests.scripted.text import marked

pytestmark = pytest.mark.kafka

Deploy = Callable[..., Deployment]
TEXTS = [marked("mug", ["fact"] if n % 2 else ["opinion"], f"sentence {n}") for n in range(6)]
ONE = ("--domain", "news", "--role", "topic-finder")
WORKERS = ",".join(role.slug for role in Role)


def shown(deployment: Deployment) -> dict[str, Any]:
    (item,) = json.loads(deployment.command("policy", "show", *ONE, "--json"))
    found: dict[str, Any] = item
    return found


def published(deployment: Deployment) -> dict[str, Any]:
    found: dict[str, Any] = shown(deployment)["role_assignment"] or {}
    return found


def finders(deployment: Deployment, name: str) -> set[str]:
    """Sends one window; which arms found its subjects."""
    accounted = sum(outcome.sentences for outcome in deployment.outcomes())
    before = {event.decision_id for event in deployment.read("role-rewards", RewardEvent)}
    deployment.produce("news", name, TEXTS)
    deployment.wait_accounted(accounted + len(TEXTS))
    return {
        event.model
        for event in deployment.read("role-rewards", RewardEvent)
        if event.role is Role.TOPIC_FINDER and event.decision_id not in before
    }


def test_pin_freeze_rollback_and_a_killed_agent(deploy: Deploy) -> None:
    deployment = deploy(models=["oracle-1", "oracle-2"], policy="fixed:oracle-1")
    deployment.start_worker(WORKERS)
    agent = deployment.start_worker("policy")
    until(lambda: published(deployment).get("primary") == "oracle-1", 10)
    first = published(deployment)["version"]

    deployment.command("policy", "pin", "oracle-2", *ONE)
    until(lambda: published(deployment)["primary"] == "oracle-2", 5)
    pinned = published(deployment)
    assert pinned["version"] > first
    assert pinned["policy"] == "pinned"
    assert [share["model"] for share in pinned["fallbacks"]] == ["oracle-1"]
    time.sleep(1.0)
    assert finders(deployment, "pinned") == {"oracle-2"}

    deployment.kill(agent)
    agent = deployment.start_worker("policy")
    time.sleep(1.5)
    assert published(deployment)["primary"] == "oracle-2", "the pin outlives the agent"

    deployment.command("policy", "freeze", *ONE)
    assert shown(deployment)["control"]["mode"] == "pinned", "a pin is not turned into a freeze"
    deployment.command("policy", "unpin", *ONE)
    until(lambda: published(deployment)["primary"] == "oracle-1", 5)

    deployment.command("policy", "rollback", str(pinned["version"]), *ONE)
    until(lambda: published(deployment)["primary"] == "oracle-2", 5)
    rolled = published(deployment)
    assert rolled["version"] > pinned["version"]
    assert f"version {pinned['version']}" in rolled["reason"]
    deployment.kill(agent)
    deployment.start_worker("policy")
    time.sleep(1.5)
    assert published(deployment)["primary"] == "oracle-2", "so does the rollback"

    deployment.command("policy", "unfreeze")
    until(lambda: published(deployment)["primary"] == "oracle-1", 5)
    missing = deployment.command("policy", "rollback", "999", *ONE, exit_status=2)
    assert len(missing.strip().splitlines()) == 1
    assert "version 999" in missing


def test_a_frozen_role_stays_while_the_policy_learns(deploy: Deploy) -> None:
    deployment = deploy(models=["garbage", "oracle"], policy="thompson")
    deployment.start_worker()
    until(lambda: bool(published(deployment)), 10)
    deployment.command("policy", "freeze")
    time.sleep(0.5)
    frozen = published(deployment)
    for n in range(6):
        finders(deployment, f"s-{n}")
    assert published(deployment) == frozen
    told = json.loads(deployment.command("policy", "explain", *ONE, "--json"))
    assert told["learnt"] is True
    assert told["control"]["mode"] == "frozen"
    deployment.command("policy", "unfreeze", *ONE)
    until(lambda: published(deployment)["version"] > frozen["version"], 5)
    again = deployment.command("policy", "unfreeze", *ONE, exit_status=2)
    assert "is free, not frozen" in again


def test_explain_speaks_of_the_learnt_numbers(deploy: Deploy) -> None:
    deployment = deploy(models=["garbage", "oracle"], policy="thompson")
    deployment.start_worker()
    for n in range(3):
        finders(deployment, f"s-{n}")
    time.sleep(1.0)
    text = deployment.command("policy", "explain", *ONE)
    assert "oracle" in text
    assert "the policy decides" in text
    for arguments, line in (
        (("--domain", "nowhere", "--role", "topic-finder"), "there is no domain 'nowhere'"),
        (("--domain", "news", "--role", "typist"), "no model plays a role 'typist'"),
    ):
        assert line in deployment.command("policy", "explain", *arguments, exit_status=2)
    unknown = deployment.command("policy", "pin", "nobody", *ONE, exit_status=2)
    assert "no arm 'nobody'" in unknown
