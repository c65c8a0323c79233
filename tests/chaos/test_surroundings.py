"""What lies around the workers fails: the disk, the clock, the consumer, all memory of state."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.brokers.apache import ApacheKafka
from schemas.messages import CategorizedRecord
from tests.chaos.conftest import Deploy
from tests.chaos.fleet import DOMAIN, Fleet, Talk, finish
from tests.chaos.verifier import by_key, violations
from tests.flow import until

pytestmark = [pytest.mark.kafka, pytest.mark.chaos, pytest.mark.timeout(600)]

Tell = Callable[[str], None]


def test_all_state_is_read_back_from_scratch(
    shared_kafka: ApacheKafka, deploy_on: Deploy, measured: Tell
) -> None:
    deployment = deploy_on(shared_kafka)
    fleet = Fleet(deployment, 2)
    fleet.wait_ready()
    talk = Talk(deployment, every_s=0.7)
    talk.start()
    time.sleep(20.0)
    for process in fleet.members:
        process.send_signal(signal.SIGKILL)
    before = len(deployment.outcomes())
    time.sleep(5.0)
    started_s = time.monotonic()
    for place in range(2):
        fleet.kill(place)
    until(lambda: len(deployment.outcomes()) > before, 60)
    first_s = time.monotonic() - started_s
    evidence = finish(deployment, talk)
    assert violations(evidence) == {}
    measured(f"first window {first_s:.1f} s after the start of workers that knew nothing")


@pytest.mark.chaos_quick
def test_the_wall_clock_steps_back_an_hour(
    shared_kafka: ApacheKafka, deploy_on: Deploy, measured: Tell
) -> None:
    deployment = deploy_on(shared_kafka)
    fleet = Fleet(deployment, 2, module="tests.chaos.stepping_worker")
    fleet.wait_ready()
    talk = Talk(deployment, every_s=1.0)
    talk.start()
    time.sleep(35.0)
    evidence = finish(deployment, talk)
    assert violations(evidence) == {}
    stamps = sorted(outcome.at for outcome in evidence.outcomes)
    assert (stamps[-1] - stamps[0]).total_seconds() > 3000
    assert min(outcome.latency_s for outcome in evidence.outcomes) >= 0
    measured(f"{len(evidence.outcomes)} windows, stamped on both sides of the step")


def test_a_slow_consumer_gets_every_record_once(
    shared_kafka: ApacheKafka, deploy_on: Deploy, measured: Tell, tmp_path: Path
) -> None:
    deployment = deploy_on(shared_kafka)
    fleet = Fleet(deployment, 1)
    fleet.wait_ready()
    out = tmp_path / "consumed.jsonl"
    command = [sys.executable, "-m", "deploy.cli", "consume", "--domain", DOMAIN, "--follow"]
    with out.open("wb") as taken:
        consumer = subprocess.Popen(
            [*command, "--json", "--config", str(deployment.config_path)], stdout=taken
        )
    try:
        talk = Talk(deployment, every_s=0.5)
        talk.start()
        for _ in range(5):
            time.sleep(2.0)
            consumer.send_signal(signal.SIGSTOP)
            time.sleep(5.0)
            consumer.send_signal(signal.SIGCONT)
        evidence = finish(deployment, talk)
        assert violations(evidence) == {}
        wanted = {record.record_id: record.revision for record in evidence.consumed}

        def followed() -> dict[str, CategorizedRecord]:
            lines = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
            records = [CategorizedRecord.model_validate(line) for line in lines if "op" in line]
            return {record.record_id: record for record in records if record.op == "upsert"}

        until(lambda: {k: r.revision for k, r in followed().items()} == wanted, 60)
        assert by_key(followed().values()) == by_key(evidence.consumed)
        revisions = [
            (line["record_id"], line["revision"])
            for line in map(json.loads, out.read_text("utf-8").splitlines())
            if "op" in line
        ]
        assert len(revisions) == len(set(revisions))
        measured(f"{len(revisions)} revisions of {len(wanted)} records, none twice")
    finally:
        consumer.send_signal(signal.SIGCONT)
        consumer.terminate()
        consumer.wait(20)


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB that is full."""
    place = tmp_path / "full"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("a small file system can only be mounted by root")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_the_disk_of_the_state_directory_is_full(
    shared_kafka: ApacheKafka,
    deploy_on: Deploy,
    measured: Tell,
    full_disk: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deployment = deploy_on(shared_kafka)
    monkeypatch.setenv("TMPDIR", str(full_disk))
    fleet = Fleet(deployment, 1)
    fleet.wait_ready()
    folders = list(full_disk.iterdir())
    assert folders, "the workers keep their directories elsewhere"
    with pytest.raises(OSError, match="No space left"):
        (full_disk / "filler").write_bytes(b"x" * 100_000)
    talk = Talk(deployment, every_s=1.0)
    talk.start()
    time.sleep(8.0)
    fleet.kill(0)
    time.sleep(8.0)
    evidence = finish(deployment, talk)
    assert violations(evidence) == {}
    written = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    measured(f"{len(evidence.outcomes)} windows; files in the state directories: {len(written)}")
