"""Workers come and go while calls are under way that take longer than a hand-over waits."""

import time
from collections.abc import Callable

import pytest

from deploy.brokers.apache import ApacheKafka
from tests.chaos.conftest import Deploy
from tests.chaos.fleet import Fleet, Talk, finish
from tests.chaos.verifier import paid_and_dropped, violations

pytestmark = [pytest.mark.kafka, pytest.mark.chaos, pytest.mark.timeout(600)]
CALL_S = 6.0
MOST_AGAIN = 0.05
"""Of the calls, for a partition that moved all the same; a quarter is under way at a rebalance."""


def test_a_rebalance_pays_for_hardly_a_call_again(
    shared_kafka: ApacheKafka, deploy_on: Deploy, measured: Callable[[str], None]
) -> None:
    deployment = deploy_on(shared_kafka, delay_s=CALL_S, partitions=1)
    assert deployment.config.worker.hand_over_s < CALL_S
    fleet = Fleet(deployment, 1)
    fleet.wait_ready()
    talk = Talk(deployment, every_s=1.0, length=20)
    talk.start()
    time.sleep(20.0)
    for _ in range(2):
        # The one partition mostly stays with the first worker: the groups only settle anew.
        fleet.members.append(fleet.start())
        fleet.wait_ready()
        time.sleep(8.0)
        leaver = fleet.members.pop()
        leaver.terminate()
        leaver.wait(30)
        time.sleep(4.0)
    evidence = finish(deployment, talk, 240)
    again = paid_and_dropped(evidence)
    measured(
        f"4 rebalances over calls of {CALL_S:g} s, {len(evidence.calls)} calls, "
        f"{again} of them repeated"
    )
    assert violations(evidence) == {}
    assert again < MOST_AGAIN * len(evidence.calls)
