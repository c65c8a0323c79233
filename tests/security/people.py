"""Each component of a deployment as a process of its own, with its own configuration and login."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.request import urlopen

from deploy.brokers.process import free_ports
from tests.flow import until
from tests.security.secure_kafka import SecureKafka

DOMAINS = ("news",)


class People:
    """Runs commands as some principal; what they print is kept in `folder`."""

    def __init__(self, kafka: SecureKafka, folder: Path) -> None:
        self.kafka = kafka
        self.folder = folder
        self.models_port = free_ports(1)[0]
        self._processes: list[subprocess.Popen[bytes]] = []
        self.spawn("tests.scripted.server", "--port", str(self.models_port), "--delay-s", "0.05")
        until(self._models_answer, 30)

    def config(self, name: str, kafka_table: str, more: str = "") -> Path:
        """A configuration file with scripted models."""
        path = self.folder / f"{name}.toml"
        path.write_text(
            f"{kafka_table}[domains]\nenabled = {json.dumps(DOMAINS)}\n"
            '[splitter]\nmax_age_s = 3.0\n[policy]\nname = "fixed"\n'
            f'[[models]]\nname = "oracle"\nbase_url = "http://127.0.0.1:{self.models_port}/v1"\n'
            f"usd_per_million_input = 1\nusd_per_million_output = 1\n{more}",
            encoding="utf-8",
        )
        return path

    def spawn(
        self, module: str, *arguments: str, environment: dict[str, str] | None = None
    ) -> tuple[subprocess.Popen[bytes], Path]:
        """A process, and the file with what it prints."""
        log = self.folder / f"{module}-{len(self._processes)}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                stdout=out,
                stderr=subprocess.STDOUT,
                env=os.environ | (environment or {}),
            )
        self._processes.append(process)
        return process, log

    def worker(
        self, config: Path, roles: str, environment: dict[str, str] | None = None
    ) -> tuple[subprocess.Popen[bytes], Path]:
        """A worker, once it is ready."""
        arguments = ("worker", "--config", str(config), "--no-create-topics", "--roles", roles)
        process, log = self.spawn("deploy.cli", *arguments, environment=environment)
        until(lambda: b"ready:" in log.read_bytes() or process.poll() is not None, 60)
        assert process.poll() is None, log.read_text(errors="replace")
        return process, log

    def run(
        self,
        config: Path,
        *arguments: str,
        text: str | None = None,
        environment: dict[str, str] | None = None,
    ) -> tuple[int, str, str]:
        """A command to its end: its exit status, output and errors."""
        done = subprocess.run(
            [sys.executable, "-m", "deploy.cli", *arguments, "--config", str(config)],
            input=text,
            capture_output=True,
            text=True,
            timeout=90,
            env=os.environ | (environment or {}),
        )
        return done.returncode, done.stdout, done.stderr

    def stop(self, processes: Sequence[subprocess.Popen[bytes]] | None = None) -> None:
        """End processes, all without an argument."""
        for process in processes or self._processes:
            process.send_signal(signal.SIGTERM)
        for process in processes or self._processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()

    def _models_answer(self) -> bool:
        try:
            with urlopen(f"http://127.0.0.1:{self.models_port}/calls"):
                return True
        except OSError:
            return False
