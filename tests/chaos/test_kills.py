"""Workers of all roles are killed, or only held up, at random moments while text keeps coming."""

import random
import signal
import time
from collections.abc import Callable

import pytest

from deploy.brokers.apache import ApacheKafka
from tests.chaos.conftest import Deploy
from tests.chaos.fleet import Fleet, Talk, finish
from tests.chaos.verifier import paid_and_dropped, violations

pytestmark = [pytest.mark.kafka, pytest.mark.chaos, pytest.mark.timeout(1800)]
PAUSES = 8
PAUSE_S = 9.0


@pytest.mark.parametrize("kills", [pytest.param(8, marks=pytest.mark.chaos_quick), 100])
def test_workers_are_killed(
    shared_kafka: ApacheKafka, deploy_on: Deploy, measured: Callable[[str], None], kills: int
) -> None:
    deployment = deploy_on(shared_kafka)
    fleet = Fleet(deployment, 2)
    talk = Talk(deployment, every_s=2.0)
    talk.start()
    fleet.wait_ready()
    started_s = time.monotonic()
    fleet.harass(kills, random.Random(7), gap_s=(1.5, 7.0))
    harassed_s = time.monotonic() - started_s
    evidence = finish(deployment, talk, 300)
    measured(
        f"{fleet.kills} SIGKILLs in {harassed_s:.0f} s, {len(evidence.windows)} windows, "
        f"{len(evidence.consumed)} records, {len(evidence.calls)} calls, "
        f"{paid_and_dropped(evidence)} of them repeated because they were under way"
    )
    assert violations(evidence) == {}


def test_workers_are_held_up_for_longer_than_their_session(
    shared_kafka: ApacheKafka, deploy_on: Deploy, measured: Callable[[str], None]
) -> None:
    """As a machine that sleeps does: others have their partitions when they go on."""
    deployment = deploy_on(shared_kafka)
    fleet = Fleet(deployment, 2)
    fleet.wait_ready()
    talk = Talk(deployment, every_s=1.0)
    talk.start()
    chance = random.Random(3)
    for number in range(PAUSES):
        time.sleep(chance.uniform(6.0, 9.0))
        held = fleet.members[number % 2]
        held.send_signal(signal.SIGSTOP)
        time.sleep(chance.uniform(PAUSE_S, PAUSE_S + 4.0))
        held.send_signal(signal.SIGCONT)
    time.sleep(8.0)
    evidence = finish(deployment, talk, 300)
    measured(
        f"{PAUSES} pauses of {PAUSE_S:g} s and more, {len(evidence.windows)} windows, "
        f"{paid_and_dropped(evidence)} calls repeated"
    )
    assert violations(evidence) == {}
