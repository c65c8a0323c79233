"""No message is lost when Faust workers stop, crash and rebalance over a backlog.

Every round 400 messages wait; a worker starts, and is ended by SIGTERM and SIGKILL in turn while
it has many messages in flight. Messages may be copied twice, but never be missing.
"""

import random
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from tests.brokers import BrokerChoice, BrokerKind
from tests.chaos.restart_worker import WorkerSettings

PARTITIONS = 4
ROUNDS = 20
WAITING = 400
TIMEOUT_S = 60.0
PROJECT = Path(__file__).resolve().parents[2]

pytestmark = [pytest.mark.kafka, pytest.mark.chaos, pytest.mark.timeout(900)]


@dataclass
class Bench:
    """The Kafka topics of one test, the ids produced so far, and the workers' log files."""

    bootstrap_servers: str
    source: str
    target: str
    group: str
    logs: Path
    produced: int = 0
    started: int = 0

    def __post_init__(self) -> None:
        client: dict[str, str | int | float | bool] = {"bootstrap.servers": self.bootstrap_servers}
        # Kept in a variable: a collected client takes its requests with it.
        admin = AdminClient(client)
        new = [NewTopic(name, PARTITIONS, 1) for name in (self.source, self.target)]
        for created in admin.create_topics(new).values():
            created.result(timeout=TIMEOUT_S)
        self._producer = Producer({**client, "acks": "all"})
        self._reader = Consumer({**client, "group.id": "reader", "enable.auto.commit": False})

    def produce(self, count: int) -> None:
        for number in range(self.produced, self.produced + count):
            self._producer.produce(self.source, str(number).encode(), partition=number % PARTITIONS)
        assert self._producer.flush(TIMEOUT_S) == 0
        self.produced += count

    def start_worker(self) -> subprocess.Popen[bytes]:
        """Start a worker with the settings that ours have."""
        self.started += 1
        settings = WorkerSettings(
            bootstrap_servers=self.bootstrap_servers,
            group=self.group,
            source=self.source,
            target=self.target,
            corrected=True,
            seed=self.started,
            datadir=str(self.logs / "data"),
            app={
                "broker_session_timeout": 2.0,
                "broker_heartbeat_interval": 0.5,
                "stream_wait_empty": False,
                # Often, so that nearly every kill meets a commit made moments before.
                "broker_commit_interval": 0.2,
            },
        )
        command = [sys.executable, "-m", "tests.chaos.restart_worker", settings.to_json()]
        with (self.logs / f"worker-{self.started}.log").open("wb") as log:
            return subprocess.Popen(command, cwd=PROJECT, stdout=log, stderr=log)

    def copied(self) -> int:
        return sum(
            self._reader.get_watermark_offsets(TopicPartition(self.target, number), TIMEOUT_S)[1]
            for number in range(PARTITIONS)
        )

    def wait_for_more(self, before: int) -> None:
        deadline = time.monotonic() + TIMEOUT_S
        while self.copied() <= before:
            assert time.monotonic() < deadline, f"no message was handled; see {self.logs}"
            time.sleep(0.02)

    def wait_until_idle(self, quiet_s: float = 6.0) -> None:
        deadline = time.monotonic() + 2 * TIMEOUT_S
        last, changed_at = self.copied(), time.monotonic()
        while time.monotonic() - changed_at < quiet_s and time.monotonic() < deadline:
            time.sleep(0.2)
            if (now := self.copied()) != last:
                last, changed_at = now, time.monotonic()

    def missing(self) -> set[int]:
        self._reader.assign([TopicPartition(self.target, p, 0) for p in range(PARTITIONS)])
        ids: set[int] = set()
        for _ in range(self.copied()):
            message = self._reader.poll(TIMEOUT_S)
            assert message is not None
            value = message.value()
            assert value is not None
            ids.add(int(value))
        return set(range(self.produced)) - ids

    def close(self) -> None:
        self._reader.close()


@pytest.fixture
def bench(bootstrap_servers: str, broker_choice: BrokerChoice, tmp_path: Path) -> Iterator[Bench]:
    if broker_choice.kind is BrokerKind.EMBEDDED:
        pytest.skip("the embedded broker's groups are not Apache Kafka's")
    name = uuid.uuid4().hex[:8]
    one = Bench(bootstrap_servers, f"source-{name}", f"target-{name}", f"group-{name}", tmp_path)
    yield one
    one.close()


def end(worker: subprocess.Popen[bytes], number: signal.Signals) -> None:
    worker.send_signal(number)
    try:
        worker.wait(TIMEOUT_S)
    finally:
        worker.kill()
        worker.wait()


def test_restarts_over_a_backlog_lose_nothing(
    bench: Bench, measured: Callable[[str], None]
) -> None:
    chance = random.Random(7)
    for number in range(ROUNDS):
        bench.produce(WAITING)
        before = bench.copied()
        worker = bench.start_worker()
        bench.wait_for_more(before)
        time.sleep(chance.uniform(0.1, 1.5))
        end(worker, signal.SIGTERM if number % 2 == 0 else signal.SIGKILL)
    worker = bench.start_worker()
    bench.wait_until_idle()
    end(worker, signal.SIGTERM)
    missing = bench.missing()
    measured(
        f"{bench.started} workers, {bench.produced} messages, {bench.copied()} copies, "
        f"{len(missing)} missing"
    )
    assert missing == set()


def test_workers_that_join_and_leave_lose_nothing(
    bench: Bench, measured: Callable[[str], None]
) -> None:
    chance = random.Random(11)
    for number in range(ROUNDS // 2):
        bench.produce(WAITING)
        before = bench.copied()
        workers = [bench.start_worker(), bench.start_worker()]
        bench.wait_for_more(before)
        time.sleep(chance.uniform(0.1, 1.5))
        first, second = workers if number % 4 < 2 else reversed(workers)
        end(first, signal.SIGTERM if number % 2 == 0 else signal.SIGKILL)
        time.sleep(chance.uniform(0.1, 3.0))
        end(second, signal.SIGKILL if number % 2 == 0 else signal.SIGTERM)
    worker = bench.start_worker()
    bench.wait_until_idle()
    end(worker, signal.SIGTERM)
    missing = bench.missing()
    measured(
        f"{bench.started} workers, {bench.produced} messages, {bench.copied()} copies, "
        f"{len(missing)} missing"
    )
    assert missing == set()
