"""How soon the flow is back at its full rate after a worker is killed."""

import signal
import time
from collections.abc import Callable

import pytest

from deploy.brokers.apache import ApacheKafka
from tests.chaos.conftest import Deploy
from tests.chaos.fleet import Fleet, Talk, accounted, finish
from tests.chaos.recovery import BEFORE_S, recovery_s
from tests.chaos.verifier import paid_and_dropped, violations

pytestmark = [pytest.mark.kafka, pytest.mark.chaos, pytest.mark.timeout(900)]
LIMIT_S = 15.0


@pytest.mark.parametrize("replaced", [True, False])
def test_the_full_rate_is_back_after_a_kill(
    shared_kafka: ApacheKafka, deploy_on: Deploy, measured: Callable[[str], None], replaced: bool
) -> None:
    deployment = deploy_on(shared_kafka, kafka="", policy="fixed:slow-1")
    fleet = Fleet(deployment, 3)
    fleet.wait_ready()
    talk = Talk(deployment, every_s=0.4, length=20)
    talk.start()
    killed_s: list[float] = []
    for _ in range(2):
        time.sleep(BEFORE_S + 15.0)
        killed_s.append(time.time())
        if replaced:
            fleet.kill(0)
        else:
            process = fleet.members.pop()
            process.send_signal(signal.SIGKILL)
    time.sleep(30.0)
    evidence = finish(deployment, talk)
    accounts = accounted(deployment)
    found = [recovery_s(accounts, at) for at in killed_s]
    told = ", ".join("never" if seconds is None else f"{seconds:.1f} s" for seconds in found)
    measured(f"full rate after {told}; {paid_and_dropped(evidence)} calls repeated")
    assert violations(evidence) == {}
    assert all(seconds is not None and seconds < LIMIT_S for seconds in found), told


def test_recovery_is_measured_at_the_last_partition_and_the_full_rate() -> None:
    steady = [(n % 2, n * 0.5) for n in range(80)]
    late = [(0, 46.0), (1, 52.0), *((n % 2, 52.0 + n * 0.5) for n in range(20))]
    assert recovery_s([*steady, *late], 40.0) == 12.0
    slow = [(0, 46.0), (1, 52.0), *((n % 2, 52.0 + n * 2.0) for n in range(8))]
    assert recovery_s([*steady, *slow], 40.0) is None
    assert recovery_s([*steady, (0, 46.0)], 40.0) is None
