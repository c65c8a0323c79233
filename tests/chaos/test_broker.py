"""The broker goes and comes back while text keeps coming and calls are under way."""

import time
from collections.abc import Callable

import pytest
from confluent_kafka.admin import AdminClient

from deploy.brokers.apache import ApacheKafka
from schemas.catalogue import role_kafka_topic
from schemas.roles import Role
from tests.chaos.conftest import Deploy
from tests.chaos.fleet import Fleet, Talk, finish
from tests.chaos.verifier import paid_and_dropped, violations
from tests.flow import Deployment

pytestmark = [pytest.mark.kafka, pytest.mark.chaos, pytest.mark.timeout(900)]


def settle(deployment: Deployment, fleet: Fleet, talk: Talk, back_s: float) -> tuple[float, int]:
    """Check the invariants; gives the seconds from `back_s` until all is accounted for."""
    evidence = finish(deployment, talk, 240)
    assert violations(evidence) == {}
    assert [process.poll() for process in fleet.members] == [None] * len(fleet.members)
    return time.monotonic() - back_s, paid_and_dropped(evidence)


@pytest.mark.parametrize(
    ("crash", "away_s"),
    [
        pytest.param(False, 0.0, id="stopped-and-started"),
        pytest.param(True, 3.0, id="killed", marks=pytest.mark.chaos_quick),
        pytest.param(False, 60.0, id="away-for-60-s"),
    ],
)
def test_a_broker_that_comes_back(
    own_kafka: ApacheKafka,
    deploy_on: Deploy,
    measured: Callable[[str], None],
    crash: bool,
    away_s: float,
) -> None:
    deployment = deploy_on(own_kafka)
    fleet = Fleet(deployment, 2)
    fleet.wait_ready()
    talk = Talk(deployment, every_s=1.0)
    talk.start()
    time.sleep(10.0)
    [node] = own_kafka.nodes
    node.kill() if crash else node.stop()
    time.sleep(away_s)
    node.start()
    back_s = time.monotonic()
    time.sleep(10.0)
    took_s, again = settle(deployment, fleet, talk, back_s)
    measured(f"all accounted for {took_s:.0f} s after the broker was back; {again} calls repeated")


def test_three_brokers_lose_the_leader(
    three_brokers: ApacheKafka, deploy_on: Deploy, measured: Callable[[str], None]
) -> None:
    deployment = deploy_on(
        three_brokers,
        kafka="session_timeout_s = 6.0\nheartbeat_interval_s = 1.0\nreplication_factor = 3",
    )
    fleet = Fleet(deployment, 2)
    fleet.wait_ready()
    talk = Talk(deployment, every_s=1.0)
    talk.start()
    time.sleep(10.0)
    name = deployment.config.kafka.named(role_kafka_topic(Role.TOPIC_FINDER))
    admin = AdminClient({"bootstrap.servers": three_brokers.bootstrap_servers})
    leader = admin.list_topics(name, timeout=10).topics[name].partitions[0].leader
    [node] = [node for node in three_brokers.nodes if node.node_id == leader]
    node.kill()
    lost_s = time.monotonic()
    time.sleep(25.0)
    node.start()
    time.sleep(5.0)
    took_s, again = settle(deployment, fleet, talk, lost_s)
    measured(f"all accounted for {took_s:.0f} s after the leader died; {again} calls repeated")
