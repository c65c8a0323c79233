"""The policy agent is killed while it learns, and its role assignments vanish."""

import time
from collections.abc import Callable

import pytest
from confluent_kafka import OFFSET_END, TopicPartition
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)

from deploy.brokers.apache import ApacheKafka
from pipeline.decisions.learner import PolicyState
from pipeline.decisions.ledger import identity
from schemas.catalogue import POLICY_STATE, ROLE_ASSIGNMENTS, ROLE_REWARDS
from schemas.codec import decode
from schemas.rewards import RewardEvent, RoleAssignment
from schemas.roles import MODEL_ROLES, Role
from tests.chaos.conftest import Deploy
from tests.chaos.fleet import DOMAIN, Fleet, Talk, finish
from tests.chaos.verifier import violations
from tests.flow import Deployment, until

pytestmark = [pytest.mark.kafka, pytest.mark.chaos, pytest.mark.timeout(600)]
WORKERS = ",".join(role.slug for role in Role)


def learnt(deployment: Deployment) -> int:
    """The runs that the policy's kept state has taken in, over all domains."""
    last: dict[bytes, PolicyState] = {}
    for message in deployment.messages(POLICY_STATE):
        value = message.value()
        if value is not None:
            last[message.key() or b""] = decode(PolicyState, value)
    books = [arms for state in last.values() for arms in state.runs.arms.values()]
    return sum(arm.runs for arms in books for arm in arms.values())


def made(deployment: Deployment) -> int:
    """The runs that were made, those told twice counted once; late news of a run is no run."""
    events = deployment.read(ROLE_REWARDS, RewardEvent)
    return len({identity(event) for event in events if not event.late})


def assignments(deployment: Deployment) -> dict[Role, RoleAssignment]:
    found = deployment.read(ROLE_ASSIGNMENTS, RoleAssignment)
    return {item.role: item for item in found if item.domain == DOMAIN}


def test_a_policy_that_is_killed_learns_every_run_once(
    shared_kafka: ApacheKafka, deploy_on: Deploy, measured: Callable[[str], None]
) -> None:
    deployment = deploy_on(shared_kafka)
    fleet = Fleet(deployment, 1, roles=WORKERS)
    policy = Fleet(deployment, 1, roles="policy")
    policy.wait_ready()
    talk = Talk(deployment, every_s=0.7)
    talk.start()
    for _ in range(4):
        before = learnt(deployment)
        until(lambda before=before: learnt(deployment) > before, 60)  # type: ignore[misc]
        policy.kill(0)
    evidence = finish(deployment, talk)
    assert violations(evidence) == {}
    until(lambda: learnt(deployment) == made(deployment), 60)
    measured(f"{policy.kills} SIGKILLs of the policy, {made(deployment)} runs learnt once each")
    assert len(fleet.members) == 1


def test_assignments_that_vanish_are_published_again(
    shared_kafka: ApacheKafka, deploy_on: Deploy, measured: Callable[[str], None]
) -> None:
    deployment = deploy_on(shared_kafka)
    fleet = Fleet(deployment, 1, roles=WORKERS)
    policy = Fleet(deployment, 1, roles="policy")
    talk = Talk(deployment, every_s=1.0)
    talk.start()
    until(lambda: set(assignments(deployment)) == set(MODEL_ROLES), 90)
    time.sleep(10.0)
    versions = {role: item.version for role, item in assignments(deployment).items()}
    empty(deployment)
    assert assignments(deployment) == {}
    policy.kill(0)
    fleet.kill(0)
    until(lambda: set(assignments(deployment)) == set(MODEL_ROLES), 90)
    evidence = finish(deployment, talk)
    assert violations(evidence) == {}
    measured(f"versions {sorted(versions.values())} vanished, all roles assigned anew")


def empty(deployment: Deployment) -> None:
    """Delete everything on role-assignments, as no compaction would."""
    kafka = deployment.config.kafka
    name = kafka.named(ROLE_ASSIGNMENTS)
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers})
    both = ConfigEntry(
        "cleanup.policy", "compact,delete", incremental_operation=AlterConfigOpType.SET
    )
    resource = ConfigResource(ResourceType.TOPIC, name, incremental_configs=[both])
    for altered in admin.incremental_alter_configs([resource]).values():
        altered.result(timeout=10)
    ends = [TopicPartition(name, number, OFFSET_END) for number in range(kafka.partitions)]
    for deleted in admin.delete_records(ends).values():
        deleted.result(timeout=10)
