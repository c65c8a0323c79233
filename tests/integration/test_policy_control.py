"""People's word to the policy: pin, freeze, roll back, explain; it outlives the policy agent."""

import json
import time
from collections.abc import Callable

import pytest

from schemas.rewards import RewardEvent, RoleAssignment
from schemas.roles import Role
from tests.flow import Deployment, until
from tests.scripted.text import marked

pytestmark = pytest.mark.kafka

Deploy = Callable[..., Deployment]
TEXTS = [marked("mug", ["fact"] if n % 2 else ["opinion"], f"sentence {n}") for n in range(6)]
ONE = ("--domain", "news", "--role", "topic-finder")
WORKERS = ",".join(role.slug for role in Role)


def published(deployment: Deployment) -> RoleAssignment | None:
    """The newest assignment of the role."""
    found = [
        item
        for item in deployment.read("role-assignments", RoleAssignment)
        if (item.domain, item.role) == ("news", Role.TOPIC_FINDER)
    ]
    return max(found, key=lambda item: item.version, default=None)


def wait_for(deployment: Deployment, model: str) -> RoleAssignment:
    """Waits until the role is assigned to `model`."""

    def there() -> bool:
        given = published(deployment)
        return given is not None and given.primary == model

    until(there, 10)
    given = published(deployment)
    assert given is not None
    return given


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
    first = wait_for(deployment, "oracle-1")

    deployment.command("policy", "pin", "oracle-2", *ONE)
    pinned = wait_for(deployment, "oracle-2")
    assert pinned.version > first.version
    assert pinned.policy == "pinned"
    assert [share.model for share in pinned.fallbacks] == ["oracle-1"]
    time.sleep(0.5)
    assert finders(deployment, "pinned") == {"oracle-2"}

    deployment.kill(agent)
    agent = deployment.start_worker("policy")
    time.sleep(1.0)
    assert published(deployment) == pinned, "the pin outlives the agent"
    deployment.command("policy", "freeze", *ONE)
    (held,) = json.loads(deployment.command("policy", "show", *ONE, "--json"))
    assert held["control"]["mode"] == "pinned", "a pin is not turned into a freeze"

    deployment.command("policy", "unpin", *ONE)
    wait_for(deployment, "oracle-1")
    deployment.command("policy", "rollback", str(pinned.version), *ONE)
    rolled = wait_for(deployment, "oracle-2")
    assert rolled.version > pinned.version
    assert f"version {pinned.version}" in rolled.reason
    deployment.kill(agent)
    deployment.start_worker("policy")
    time.sleep(1.0)
    assert published(deployment) == rolled, "so does the rollback"

    deployment.command("policy", "unfreeze")
    wait_for(deployment, "oracle-1")
    missing = deployment.command("policy", "rollback", "999", *ONE, exit_status=2)
    assert len(missing.strip().splitlines()) == 1
    assert "version 999" in missing


def test_a_frozen_role_stays_while_the_policy_learns_and_explains(deploy: Deploy) -> None:
    deployment = deploy(models=["garbage", "oracle"], policy="thompson")
    deployment.start_worker()
    until(lambda: published(deployment) is not None, 10)
    deployment.command("policy", "freeze")
    time.sleep(0.5)
    frozen = published(deployment)
    for n in range(3):
        finders(deployment, f"s-{n}")
    assert published(deployment) == frozen
    told = json.loads(deployment.command("policy", "explain", *ONE, "--json"))
    assert told["learnt"] is True
    assert told["control"]["mode"] == "frozen"
    assert "oracle" in told["explanation"]
    deployment.command("policy", "unfreeze", *ONE)
    until(lambda: published(deployment) != frozen, 5)
    again = deployment.command("policy", "unfreeze", *ONE, exit_status=2)
    assert "is free, not frozen" in again
    assert "the policy decides" in deployment.command("policy", "explain", *ONE)
    unknown = deployment.command("policy", "pin", "nobody", *ONE, exit_status=2)
    assert "no arm 'nobody'" in unknown
