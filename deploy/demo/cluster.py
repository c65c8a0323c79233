"""Starts what the demonstration needs: a broker, the embedded models, a worker."""

import os
import re
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Self
from urllib.request import urlopen

from deploy.brokers.embedded import EmbeddedBroker
from deploy.brokers.process import free_ports
from pipeline.errors import ConfigurationError, RetryableError
from pipeline.models.embedded.pool import SMOLLM
from pipeline.models.embedded.weights import smollm_weights

_MODELS_READY_S = 90.0
_MODEL = "[[models]]"
_WORKER_READY_S = 60.0
_TEMPLATE = Path(__file__).with_name("demo.toml")
_LARGER = Path(__file__).with_name("larger-models.toml")


class DemoCluster:
    """The processes of a demonstration; a context manager that stops them all.

    `bootstrap_servers` names a Kafka cluster to use in place of the embedded broker. `report`
    takes a line for the user.
    """

    def __init__(
        self, bootstrap_servers: str | None, larger_models: bool, report: Callable[[str], None]
    ) -> None:
        self._report = report
        self._larger = larger_models
        self._given = bootstrap_servers
        self._broker: EmbeddedBroker | None = None
        self._processes: list[subprocess.Popen[bytes]] = []
        self.folder = Path(tempfile.mkdtemp(prefix="rolestream-demo-"))
        self.bootstrap_servers = bootstrap_servers or ""
        self.page: str | None = None
        self.config_path = self.folder / "rolestream.toml"

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop all processes, the last started first."""
        for process in reversed(self._processes):
            process.terminate()
        for process in reversed(self._processes):
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._processes.clear()
        if self._broker is not None:
            self._broker.stop()
            self._broker = None

    def check(self) -> None:
        """Raise RetryableError if a process has ended by itself, with the end of its log."""
        for process in self._processes:
            if process.poll() is not None:
                name = Path(process.args[-1] if isinstance(process.args, list) else "").name
                raise RetryableError(
                    f"a process of the demonstration ended ({name}); its log ends: {self._tail()}"
                )

    def _start(self) -> None:
        started = time.monotonic()
        if self._given is None:
            self._broker = EmbeddedBroker(log_path=self.folder / "broker.log")
            self._broker.start()
            self.bootstrap_servers = self._broker.bootstrap_servers
        self._report(f"broker at {self.bootstrap_servers}")
        port = free_ports(1)[0]
        self._write_config(port)
        arms = [model["name"] for model in self._config()["models"]]
        weights = Path.home() / ".cache" / "rolestream" / "weights"
        self._spawn(
            "models.log",
            [
                "models",
                "serve",
                "--port",
                str(port),
                "--arms",
                ",".join(arms),
                "--weights",
                str(weights),
            ],
        )
        self._spawn("worker.log", ["worker", "--config", str(self.config_path)])
        limit_s = _MODELS_READY_S if not self._larger else 1800.0
        self._wait(lambda: _answers(f"http://127.0.0.1:{port}/health"), limit_s, "the models")
        self._report(f"models {', '.join(arms)} at http://127.0.0.1:{port}/v1")
        ready = self.folder / "worker.log"
        self._wait(lambda: b"ready:" in ready.read_bytes(), _WORKER_READY_S, "the worker")
        self._report(f"worker with all roles, ready after {time.monotonic() - started:.0f} s")
        self.page = page_address(ready.read_text(encoding="utf-8", errors="replace"))
        if self.page is not None:
            self._report(f"live page at {self.page}")

    def _config(self) -> dict[str, list[dict[str, str]]]:
        return tomllib.loads(self.config_path.read_text(encoding="utf-8"))

    def _write_config(self, port: int) -> None:
        text = _TEMPLATE.read_text(encoding="utf-8")
        if self._larger:
            text += "\n" + _LARGER.read_text(encoding="utf-8")
        text = self._without_missing_weights(text)
        text = text.replace("127.0.0.1:9092", self.bootstrap_servers)
        text = text.replace("127.0.0.1:8091", f"127.0.0.1:{port}")
        if self._given is not None:
            text = text.replace("session_timeout_s = 2.0", "session_timeout_s = 10.0")
        self.config_path.write_text(text, encoding="utf-8")

    def _without_missing_weights(self, text: str) -> str:
        try:
            smollm_weights()
        except ConfigurationError as error:
            self._report(f"without {SMOLLM}: {error}")
            head, *models = text.split(_MODEL)
            left = [model for model in models if f'name = "{SMOLLM}"' not in model]
            return _MODEL.join([head, *left])
        return text

    def _spawn(self, log_name: str, arguments: list[str]) -> None:
        command = [sys.executable, "-m", "deploy.cli", *arguments]
        with (self.folder / log_name).open("wb") as log:
            self._processes.append(
                subprocess.Popen(  # noqa: S603 - our own command line
                    command, stdout=log, stderr=subprocess.STDOUT, env=os.environ.copy()
                )
            )

    def _wait(self, ready: Callable[[], bool], limit_s: float, what: str) -> None:
        deadline = time.monotonic() + limit_s
        while not ready():
            self.check()
            if time.monotonic() > deadline:
                raise ConfigurationError(
                    f"{what} did not start within {limit_s:.0f} s; the log ends: {self._tail()}"
                )
            time.sleep(0.1)

    def _tail(self) -> str:
        lines = [
            line
            for name in ("models.log", "worker.log")
            for line in (self.folder / name).read_text(errors="replace").splitlines()[-2:]
            if (self.folder / name).exists()
        ]
        return " | ".join(lines)[-600:]


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=1) as reply:  # noqa: S310 - a loopback address of our own
            return bool(reply.status == 200)
    except OSError:
        return False


def page_address(worker_log: str) -> str | None:
    """Where a worker said that its live page is."""
    found = re.search(r"^web: (\S+) .*live page", worker_log, re.MULTILINE)
    return None if found is None else found[1]
