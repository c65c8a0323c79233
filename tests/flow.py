"""A running deployment for tests: scripted models, workers as processes, and what came out."""

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar
from urllib.request import urlopen

from confluent_kafka import OFFSET_BEGINNING, Consumer, Message, Producer, TopicPartition
from pydantic import BaseModel

from agents.kafka_topics import create_kafka_topics
from agents.reachability import Reachability, quiet
from agents.worker import domains_of
from deploy.brokers.process import free_ports
from pipeline.config import Config, load_config
from pipeline.olp.records import last_revisions
from schemas.catalogue import DEAD_LETTERS, WINDOW_OUTCOMES, records_kafka_topic
from schemas.codec import decode, encode
from schemas.dead_letter import DeadLetter
from schemas.messages import CategorizedRecord, RawText, WindowOutcome

ModelT = TypeVar("ModelT", bound=BaseModel)
PARTITIONS = 2


class Deployment:
    """One Rolestream deployment on a shared broker, apart from others by its prefixes."""

    def __init__(
        self,
        bootstrap_servers: str,
        folder: Path,
        models: Sequence[str] = ("oracle",),
        policy: str = "fixed",
        splitter: str = "max_age_s = 5.0",
        delay_s: float = 0.2,
        domains: str = "",
        worker: str = "",
        model_lines: str = "timeout_s = 5\nmax_retries = 0",
        base_url: str | None = None,
        judges: Sequence[str] = (),
        judging: str = "",
        kafka: str = "session_timeout_s = 6.0\nheartbeat_interval_s = 1.0",
        partitions: int = PARTITIONS,
    ) -> None:
        self.name = f"t{uuid.uuid4().hex[:10]}"
        self.folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []
        if base_url is None:
            self.models_port = free_ports(1)[0]
            self._spawn(
                "tests.scripted.server",
                ["--port", str(self.models_port), "--delay-s", str(delay_s)],
            )
            base_url = f"http://127.0.0.1:{self.models_port}/v1"
        self.config_path = folder / "rolestream.toml"
        entries = "\n".join(
            f'[[models]]\nname = "{model}"\nbase_url = "{base_url}"\n'
            f"usd_per_million_input = {price}\nusd_per_million_output = {price}\n{model_lines}\n"
            for price, model in enumerate(models, start=1)
        )
        entries += "".join(
            f'\n[[models]]\nname = "{judge}"\nbase_url = "{base_url}"\nroles = ["judge"]\n'
            f"usd_per_million_input = 0.1\nusd_per_million_output = 0.1\n{model_lines}\n"
            for judge in judges
        )
        self.base_url = base_url
        self.config_path.write_text(
            f'[kafka]\nbootstrap_servers = "{bootstrap_servers}"\npartitions = {partitions}\n'
            f'kafka_topic_prefix = "{self.name}."\ngroup_prefix = "{self.name}"\n'
            f"{kafka}\n"
            f'[splitter]\n{splitter}\n[policy]\nname = "{policy}"\n'
            f"[domains]\n{domains}\n[worker]\n{worker}\n"
            f"[judging]\nmodels = {json.dumps(list(judges))}\n{judging}\n{entries}",
            encoding="utf-8",
        )
        self.config: Config = load_config(self.config_path, environ={})
        create_kafka_topics(self.config.kafka, domains_of(self.config), self.config.state)
        self._producer = Producer(quiet(self.config.kafka.client_settings(), Reachability()))

    def start_worker(self, roles: str | None = None) -> subprocess.Popen[bytes]:
        """Start a worker process and wait until it is ready."""
        arguments = ["worker", "--config", str(self.config_path), "--no-create-topics"]
        if roles is not None:
            arguments += ["--roles", roles]
        process, log = self._spawn("deploy.cli", arguments)
        until(lambda: b"ready:" in log.read_bytes() or process.poll() is not None, 60)
        assert process.poll() is None, log.read_text(errors="replace")[-2000:]
        return process

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """SIGKILL."""
        process.send_signal(signal.SIGKILL)
        process.wait()
        self._processes.remove(process)

    def stop(self) -> None:
        """End all processes."""
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
        self._processes.clear()

    def produce(self, domain: str, stream_id: str, texts: Iterable[str], **fields: Any) -> None:
        """Send sentences with seq from 1 and the end mark on the last."""
        listed = list(texts)
        for seq, text in enumerate(listed, start=1):
            raw = RawText(stream_id=stream_id, seq=seq, text=text, end=seq == len(listed), **fields)
            self.produce_bytes(f"raw-{domain}", stream_id, encode(raw))
        self._producer.flush(10)

    def produce_bytes(self, kafka_topic: str, key: str, value: bytes | None) -> None:
        """Send one message as it is."""
        self._producer.produce(self.config.kafka.named(kafka_topic), key=key.encode(), value=value)
        self._producer.poll(0)

    def flush(self) -> None:
        """Wait until all is sent."""
        self._producer.flush(10)

    def read(self, kafka_topic: str, model: type[ModelT]) -> list[ModelT]:
        """All messages of a Kafka topic, from its beginning to its end."""
        return [decode(model, message.value()) for message in self.messages(kafka_topic)]

    def messages(self, kafka_topic: str) -> list[Message]:
        """All messages of a Kafka topic as they are, from its beginning to its end."""
        consumer = Consumer(
            {
                **self.config.kafka.client_settings(),
                "group.id": "test-reader",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
            }
        )
        name = self.config.kafka.named(kafka_topic)
        partitions = self.config.kafka.partitions
        consumer.assign([TopicPartition(name, p, OFFSET_BEGINNING) for p in range(partitions)])
        found: list[Message] = []
        ended: set[int] = set()
        try:
            while len(ended) < partitions:
                message = consumer.poll(10)
                assert message is not None, f"{name} cannot be read"
                if message.error() is not None:
                    ended.add(message.partition())
                else:
                    found.append(message)
        finally:
            consumer.close()
        return found

    def outcomes(self) -> list[WindowOutcome]:
        """The windows that were accounted for, each once."""
        return list({o.window_id: o for o in self.read(WINDOW_OUTCOMES, WindowOutcome)}.values())

    def records(self, domain: str) -> list[CategorizedRecord]:
        """The standing records of a domain."""
        found = self.read(records_kafka_topic(domain), CategorizedRecord)
        return list(last_revisions(found).values())

    def dead_letters(self) -> list[DeadLetter]:
        """All dead letters."""
        return self.read(DEAD_LETTERS, DeadLetter)

    def wait_accounted(self, sentences: int, limit_s: float = 60.0) -> None:
        """Wait until so many sentences are accounted for."""
        until(lambda: sum(o.sentences for o in self.outcomes()) >= sentences, limit_s)

    def calls(self) -> dict[str, Any]:
        """What the scripted models were asked."""
        with urlopen(f"http://127.0.0.1:{self.models_port}/calls") as reply:
            report: dict[str, Any] = json.load(reply)
        return report

    def command(self, *arguments: str, exit_status: int = 0) -> str:
        """Run a `rolestream` command on this deployment; what it prints, errors included."""
        done = subprocess.run(
            [sys.executable, "-m", "deploy.cli", *arguments, "--config", str(self.config_path)],
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == exit_status, done.stdout + done.stderr
        return done.stdout + done.stderr

    def worker_log(self) -> str:
        """The end of the workers' logs."""
        logs = sorted(self.folder.glob("*.log"))
        return "\n".join(path.read_text(errors="replace")[-1500:] for path in logs)

    def _spawn(self, module: str, arguments: list[str]) -> tuple[subprocess.Popen[bytes], Path]:
        log = self.folder / f"{module}-{len(list(self.folder.glob('*.log')))}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                stdout=out,
                stderr=subprocess.STDOUT,
                env=os.environ.copy(),
            )
        self._processes.append(process)
        return process, log


def until(ready: Callable[[], bool], limit_s: float) -> None:
    """Wait until `ready`; fail after `limit_s`."""
    deadline = time.monotonic() + limit_s
    while not ready():
        assert time.monotonic() < deadline, f"not ready after {limit_s} s"
        time.sleep(0.2)
