"""Apache Kafka on one machine: 1 or 3 brokers in KRaft mode that tests can stop, kill and restart.

Every broker is also a controller, listens on the loopback address only and keeps its data in a
directory of its own, so that a restarted broker continues where it was.
"""

import base64
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from deploy.brokers.kafka_jars import KAFKA_VERSION, java_program, kafka_jars
from deploy.brokers.process import LOCALHOST, BrokerProcess, free_ports
from pipeline.errors import ConfigurationError, RetryableError

READY_TIMEOUT_S = 90.0
READY_LINE = "Kafka Server started"
HEAP_MIB = 512


class KafkaNode:
    """One broker (and controller) process with its data directory."""

    def __init__(self, node_id: int, port: int, process: BrokerProcess) -> None:
        self.node_id = node_id
        self.address = f"{LOCALHOST}:{port}"
        self._process = process

    @property
    def running(self) -> bool:
        """Whether the broker's process runs."""
        return self._process.running

    @property
    def log_path(self) -> Path:
        """The file that takes the broker's log."""
        return self._process.log_path

    def launch(self) -> None:
        """Start the process without waiting for it: several brokers need each other to be ready."""
        self._process.start()

    def wait_ready(self, timeout_s: float = READY_TIMEOUT_S) -> None:
        """Wait until the broker serves clients; RetryableError names its log when it does not."""
        self._process.wait_until(
            lambda: READY_LINE in self._process.log_since_start(), timeout_s=timeout_s
        )

    def start(self) -> None:
        """Start the broker, again after a stop or kill too, and wait until it serves clients."""
        self.launch()
        self.wait_ready()

    def stop(self) -> None:
        """Shut the broker down in order (SIGTERM)."""
        self._process.stop()

    def kill(self) -> None:
        """Crash the broker (SIGKILL)."""
        self._process.kill()

    def restart(self) -> None:
        """Stop and start the broker on the same port and data."""
        self.stop()
        self.start()


class ApacheKafka:
    """A Kafka cluster of 1 or 3 brokers; a context manager.

    `data_dir` (default: a temporary directory, removed at stop) gets one directory and one log
    file a broker. `overrides` are lines of server.properties and win over the defaults here;
    `{port}` and `{controller_port}` in them stand for the broker's own. `scram_users` are users
    with their passwords for SCRAM-SHA-512.
    """

    def __init__(
        self,
        brokers: int = 1,
        *,
        data_dir: Path | None = None,
        overrides: Mapping[str, str] | None = None,
        version: str = KAFKA_VERSION,
        cache_dir: Path | None = None,
        heap_mib: int = HEAP_MIB,
        scram_users: Mapping[str, str] | None = None,
    ) -> None:
        if brokers not in (1, 3):
            raise ConfigurationError(f"a test cluster has 1 or 3 brokers, not {brokers}")
        self.version = version
        self._overrides = dict(overrides or {})
        self._scram_users = dict(scram_users or {})
        self._keep_data = data_dir is not None
        self._data_dir = data_dir or Path(tempfile.mkdtemp(prefix="rolestream-kafka-"))
        self._java = [
            str(java_program()),
            f"-Xmx{heap_mib}m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Dlog4j2.level=INFO",
            "-cp",
            f"{kafka_jars(version, cache_dir)}/*",
        ]
        ports = free_ports(2 * brokers)
        self._controller_ports = ports[brokers:]
        self._formatted = False
        self.nodes = tuple(self._node(index + 1, ports[index]) for index in range(brokers))

    @property
    def bootstrap_servers(self) -> str:
        """The brokers' addresses, `host:port` joined by commas."""
        return ",".join(node.address for node in self.nodes)

    def start(self) -> None:
        """Format the data directories at first, start every broker and wait until all serve.

        Raises RetryableError with the path and end of a broker's log when one does not come up.
        """
        if not self._formatted:
            self._format()
        try:
            for node in self.nodes:
                node.launch()
            for node in self.nodes:
                node.wait_ready()
        except RetryableError:
            for node in self.nodes:
                node.kill()
            raise

    def stop(self) -> None:
        """Stop every broker; a temporary data directory is removed."""
        # The last broker of three cannot hand over to a quorum, so it may have to be killed.
        for node in self.nodes[:-1]:
            node.stop()
        if len(self.nodes) == 1:
            self.nodes[0].stop()
        else:
            self.nodes[-1].kill()
        if not self._keep_data:
            shutil.rmtree(self._data_dir, ignore_errors=True)
            self._formatted = False

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _node(self, node_id: int, port: int) -> KafkaNode:
        command = [*self._java, "kafka.Kafka", str(self._properties_path(node_id))]
        log_path = self._data_dir / f"broker-{node_id}.log"
        self._write_properties(node_id, port)
        process = BrokerProcess(f"Apache Kafka broker {node_id}", command, log_path)
        return KafkaNode(node_id, port, process)

    def _properties_path(self, node_id: int) -> Path:
        return self._data_dir / f"broker-{node_id}.properties"

    def _write_properties(self, node_id: int, port: int) -> None:
        controller_port = self._controller_ports[node_id - 1]
        voters = ",".join(
            f"{index}@{LOCALHOST}:{voter_port}"
            for index, voter_port in enumerate(self._controller_ports, start=1)
        )
        replicas = str(len(self._controller_ports))
        in_sync = "2" if len(self._controller_ports) == 3 else "1"
        properties = {
            "process.roles": "broker,controller",
            "node.id": str(node_id),
            "controller.quorum.voters": voters,
            "controller.listener.names": "CONTROLLER",
            "listeners": (
                f"PLAINTEXT://{LOCALHOST}:{port},CONTROLLER://{LOCALHOST}:{controller_port}"
            ),
            "advertised.listeners": f"PLAINTEXT://{LOCALHOST}:{port}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "log.dirs": str(self._data_dir / f"broker-{node_id}"),
            "auto.create.topics.enable": "false",
            "default.replication.factor": replicas,
            "min.insync.replicas": in_sync,
            "num.partitions": "1",
            "offsets.topic.num.partitions": "4",
            "offsets.topic.replication.factor": replicas,
            "transaction.state.log.num.partitions": "2",
            "transaction.state.log.replication.factor": replicas,
            "transaction.state.log.min.isr": in_sync,
            "share.coordinator.state.topic.num.partitions": "1",
            "share.coordinator.state.topic.replication.factor": replicas,
            "share.coordinator.state.topic.min.isr": in_sync,
            "group.initial.rebalance.delay.ms": "0",
            "group.min.session.timeout.ms": "1000",
            # A killed broker may not register again before its old session ends.
            "broker.session.timeout.ms": "3000",
            "broker.heartbeat.interval.ms": "1000",
            "num.network.threads": "2",
            "num.io.threads": "4",
            "log.cleaner.dedupe.buffer.size": "16777216",
            "controlled.shutdown.max.retries": "1",
            **{
                name: value.replace("{port}", str(port)).replace(
                    "{controller_port}", str(controller_port)
                )
                for name, value in self._overrides.items()
            },
        }
        self._data_dir.mkdir(parents=True, exist_ok=True)
        lines = [f"{name}={value}\n" for name, value in properties.items()]
        self._properties_path(node_id).write_text("".join(lines), encoding="utf-8")

    def _format(self) -> None:
        cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        for node in self.nodes:
            if (self._data_dir / f"broker-{node.node_id}" / "meta.properties").exists():
                continue
            arguments = [
                "format",
                # In one word, as an id may begin with a hyphen.
                f"--cluster-id={cluster_id}",
                *("-c", str(self._properties_path(node.node_id))),
            ]
            for user, password in self._scram_users.items():
                arguments += ["--add-scram", f"SCRAM-SHA-512=[name={user},password={password}]"]
            command = [*self._java, "kafka.tools.StorageTool", *arguments]
            result = subprocess.run(  # noqa: S603 - our own command
                command, capture_output=True, text=True, check=False
            )
            node.log_path.write_text(result.stdout + result.stderr, encoding="utf-8")
            if result.returncode != 0:
                raise RetryableError(
                    f"Kafka's storage format failed for broker {node.node_id}; "
                    f"see {node.log_path}: {result.stderr.strip()[-300:]}"
                )
        self._formatted = True
