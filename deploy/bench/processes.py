"""The processes of a bench: the model server, workers of Rolestream, systems under comparison."""

import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self
from urllib.error import URLError
from urllib.request import urlopen

from confluent_kafka import ConsumerGroupState, KafkaException
from confluent_kafka.admin import AdminClient

from agents.kafka_topics import create_kafka_topics
from agents.reachability import Reachability, quiet
from deploy.bench.feeding import PARTITIONS
from deploy.brokers.process import LOCALHOST, BrokerProcess, free_ports
from pipeline.config import Config, load_config
from pipeline.domains import load_domains
from pipeline.errors import RetryableError
from schemas.roles import MODEL_ROLES

READY_S = 90.0
_ANSWERED_S = 10.0
_PYTHON_PATH = str(Path(__file__).parents[2])


class Processes:
    """Child processes with a log file each; a context manager that ends them all."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="rolestream-bench-")
        self.folder = Path(self._folder.name)
        self._running: list[BrokerProcess] = []

    def start(self, name: str, command: Sequence[str]) -> BrokerProcess:
        """Start `command`; what it prints is in its `log_since_start`."""
        log_path = self.folder / f"{len(list(self.folder.glob('*.log')))}-{name}.log"
        environment = {"PYTHONPATH": _PYTHON_PATH, "PYTHONUNBUFFERED": "1"}
        process = BrokerProcess(name, command, log_path, environment)
        process.start()
        self._running.append(process)
        return process

    def end(self, process: BrokerProcess) -> None:
        """End one of them now."""
        process.stop()
        self._running.remove(process)

    def check(self) -> None:
        """Raise RetryableError with the end of its log if one has ended by itself."""
        for process in self._running:
            if not process.running:
                process.wait_until(lambda: False, 1.0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self._running):
            process.stop(timeout_s=10)
        self._folder.cleanup()


class ModelServer:
    """The model server as a process."""

    def __init__(
        self, processes: Processes, latency_s: float, spread: float, parts: int = 0
    ) -> None:
        [port] = free_ports(1)
        self._address = f"http://{LOCALHOST}:{port}"
        self.base_url = f"{self._address}/v1"
        command = [sys.executable, "-m", "deploy.bench.model_server", "--port", str(port)]
        command += ["--latency-s", str(latency_s), "--spread", str(spread)]
        command += ["--parts", str(parts)]
        self.process = processes.start("models", command)
        self.process.wait_until(self._answers, READY_S)

    def replies(self) -> list[float]:
        """When each reply went out, in seconds of the monotonic clock."""
        found: list[float] = self._get("/replies")
        return found

    def spent(self) -> dict[str, list[float]]:
        """Seconds that replies took, by `role|first sentence`."""
        found: dict[str, list[float]] = self._get("/spent")
        return found

    def _answers(self) -> bool:
        try:
            self.replies()
        except (URLError, OSError):
            return False
        return True

    def _get(self, path: str) -> Any:
        with urlopen(self._address + path, timeout=30) as reply:  # noqa: S310 - our own server
            return json.load(reply)


class Deployment:
    """A Rolestream deployment of its own on a shared broker: names, configuration, workers."""

    def __init__(
        self,
        processes: Processes,
        bootstrap_servers: str,
        name: str,
        model_url: str,
        in_flight: int,
        tables: str = "",
        worker: str = "",
        policy: str = "fixed",
        arms: int = 1,
        messages: int | None = None,
        role_prior: float | None = None,
    ) -> None:
        """`in_flight` calls of each arm at once, and `messages`, the same if left out.

        `role_prior`: the success that is declared of each arm in each role, none if left out.
        """
        self._processes = processes
        self.config_path = processes.folder / f"{name}.toml"
        known = {} if role_prior is None else {role.value: role_prior for role in MODEL_ROLES}
        priors = ", ".join(f"{role} = {prior}" for role, prior in known.items())
        models = "".join(
            f'[[models]]\nname = "bench-{arm}"\nbase_url = "{model_url}"\n'
            f"in_flight = {in_flight}\ncontext_tokens = 1000000\n"
            f"usd_per_million_input = {1 + arm}\nusd_per_million_output = {1 + arm}\n"
            f"role_priors = {{ {priors} }}\n"
            for arm in range(arms)
        )
        self.config_path.write_text(
            f'[kafka]\nbootstrap_servers = "{bootstrap_servers}"\npartitions = {PARTITIONS}\n'
            f'kafka_topic_prefix = "{name}."\ngroup_prefix = "{name}"\n'
            f"[worker]\nin_flight = {messages or in_flight}\n{worker}\n[web]\nenabled = false\n"
            f'[policy]\nname = "{policy}"\n{tables}\n{models}',
            encoding="utf-8",
        )
        self.config: Config = load_config(self.config_path, environ={})
        create_kafka_topics(self.config.kafka, load_domains(()))

    def start_worker(self, roles: str | None = None) -> BrokerProcess:
        """Start a worker and wait until it is ready."""
        command = [sys.executable, "-m", "deploy.cli", "worker", "--no-create-topics"]
        command += ["--config", str(self.config_path)]
        command += [] if roles is None else ["--roles", roles]
        process = self._processes.start("worker", command)
        process.wait_until(lambda: "ready:" in process.log_since_start(), READY_S)
        return process

    def wait_joined(self, role: str, workers: int) -> None:
        """Wait until so many workers share the partitions of a role. Raises RetryableError."""
        kafka = self.config.kafka
        group = f"{kafka.group_prefix}-{role}"
        admin = AdminClient(quiet(dict(kafka.client_settings()), Reachability()))

        def joined() -> bool:
            asked = admin.describe_consumer_groups([group], request_timeout=_ANSWERED_S)
            try:
                found = asked[group].result()
            except KafkaException:
                return False
            return found.state is ConsumerGroupState.STABLE and len(found.members) == workers

        wait_for(joined, READY_S, f"{workers} workers in {group}")


def wait_for(ready: Callable[[], bool], limit_s: float, what: str, pause_s: float = 0.2) -> None:
    """Wait until `ready`. Raises RetryableError that names `what` after `limit_s`."""
    deadline_s = time.monotonic() + limit_s
    while not ready():
        if time.monotonic() > deadline_s:
            raise RetryableError(f"{what}: not after {limit_s:g} s")
        time.sleep(pause_s)
