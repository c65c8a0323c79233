"""A new release takes over while windows are in flight: its ids tell its work apart."""

import signal
import time
from collections.abc import Callable

import pytest

from deploy.brokers.apache import ApacheKafka
from pipeline.olp.splitter import SPLITTER_VERSION
from schemas.catalogue import WINDOWS
from schemas.messages import Window
from tests.chaos.changed_worker import LATER
from tests.chaos.conftest import Deploy
from tests.chaos.fleet import Fleet, Talk, finish
from tests.chaos.verifier import paid_and_dropped, violations

pytestmark = [pytest.mark.kafka, pytest.mark.chaos, pytest.mark.timeout(600)]


def test_a_new_splitter_and_new_prompts_take_over(
    shared_kafka: ApacheKafka, deploy_on: Deploy, measured: Callable[[str], None]
) -> None:
    deployment = deploy_on(shared_kafka)
    fleet = Fleet(deployment, 2)
    fleet.wait_ready()
    talk = Talk(deployment, every_s=0.7)
    talk.start()
    time.sleep(10.0)
    fleet.module = "tests.chaos.changed_worker"
    fleet.kill(0, signal.SIGTERM)
    time.sleep(12.0)
    fleet.kill(1, signal.SIGKILL)
    time.sleep(20.0)
    evidence = finish(deployment, talk)
    assert violations(evidence) == {}
    windows = deployment.read(WINDOWS, Window)
    versions = {window.window_id: window.splitter_version for window in windows}
    assert set(versions.values()) == {SPLITTER_VERSION, LATER}
    prompts = {
        role: {answer.prompt_version for answer in evidence.answers if answer.role == role}
        for role in ("topic_finder", "content_organizer")
    }
    assert {len(found) for found in prompts.values()} == {2}
    named = {
        (part.prompt_version, role)
        for record in evidence.consumed
        for role, part in record.produced_by.items()
    }
    assert {(version, "chunk_splitter") for version in (SPLITTER_VERSION, LATER)} <= named
    assert {(version, "content_organizer") for version in prompts["content_organizer"]} <= named
    later = sum(1 for version in versions.values() if version == LATER)
    measured(
        f"{len(versions)} windows, {later} of them of the later release; "
        f"{paid_and_dropped(evidence)} calls repeated"
    )
