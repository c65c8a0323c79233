"""A deployment from a clean checkout, driven by the commands a person would type, and told of."""

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

from deploy.brokers.process import free_ports

ROOT = Path(__file__).parents[2]
_SHOWN_LINES = 14


def checkout(target: Path) -> Path:
    """What git would put into a fresh clone, were everything here committed."""
    listing = ["git", "-C", str(ROOT), "ls-files", "-z", "-co", "--exclude-standard"]
    names = subprocess.run(listing, capture_output=True, text=True, check=True).stdout.split("\0")
    for name in filter(None, dict.fromkeys(names)):
        source = ROOT / name
        if source.is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name)
    return target


class Stack:
    """`docker compose` in a checkout, on ports of its own and under a project name of its own."""

    def __init__(self, folder: Path, env: dict[str, str], *files: str) -> None:
        self.folder = folder
        names = ("KAFKA_PORT", "KAFKA_PORT_2", "KAFKA_PORT_3", "PAGE_PORT", "PROMETHEUS_PORT")
        self.ports = dict(zip(names, free_ports(len(names)), strict=True))
        self.env = {name: str(port) for name, port in self.ports.items()} | env
        self.files = files
        self.lines: list[str] = []
        self.started = time.monotonic()
        self.steps: dict[str, float] = {}

    def compose(
        self, *arguments: str, told: bool = True, text: str | None = None, timeout_s: float = 900
    ) -> str:
        """Run `docker compose ARGUMENTS`; its output. Fails with that if the command does."""
        files = [part for file in self.files for part in ("-f", file)]
        command = ["docker", "compose", *files, *arguments]
        begun = time.monotonic()
        done = subprocess.run(
            command, cwd=self.folder, env={**os.environ, **self.env}, input=text or "",
            capture_output=True, text=True, check=False, timeout=timeout_s,
        )  # fmt: skip
        if told:
            self.tell(command, done.stdout or done.stderr, time.monotonic() - begun)
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def tell(self, command: list[str], output: str, took_s: float) -> None:
        """Add a command and the end of what it printed to the transcript."""
        shown = [line.rstrip() for line in output.splitlines() if line.strip()]
        if len(shown) > _SHOWN_LINES:
            shown = [f"... {len(shown) - _SHOWN_LINES} lines more", *shown[-_SHOWN_LINES:]]
        clean = [re.sub(re.escape(str(self.folder)) + r"\S*", ".", line)[:240] for line in shown]
        self.lines += [f"$ {' '.join(command)}", *clean, f"# {took_s:.0f} s", ""]

    def until(self, what: str, ask: Callable[[], Any], limit_s: float = 420) -> Any:
        """Ask until the answer is true; returns it and notes how long that took."""
        begun = time.monotonic()
        while not (answer := ask()):
            assert time.monotonic() - begun < limit_s, f"not within {limit_s:.0f} s: {what}"
            time.sleep(3)
        self.steps[what] = time.monotonic() - begun
        self.lines += [f"# {what}: after {self.steps[what]:.0f} s", ""]
        return answer

    def services(self) -> dict[str, list[dict[str, Any]]]:
        """The containers by service."""
        found: dict[str, list[dict[str, Any]]] = {}
        for line in self.compose("ps", "-a", "--format", "json", told=False).splitlines():
            container = json.loads(line)
            found.setdefault(container["Service"], []).append(container)
        return found

    def query(self, expression: str) -> list[dict[str, Any]]:
        """What Prometheus answers now."""
        result: list[dict[str, Any]] = self.prometheus("query", query=expression)["result"]
        return result

    def prometheus(self, path: str, **asked: str) -> dict[str, Any]:
        """The `data` of an answer of Prometheus's HTTP interface."""
        port = self.ports["PROMETHEUS_PORT"]
        with urlopen(f"http://127.0.0.1:{port}/api/v1/{path}?{urlencode(asked)}") as reply:
            data: dict[str, Any] = json.load(reply)["data"]
            return data

    def records(self, domain: str, stream: str, service: tuple[str, ...]) -> list[dict[str, Any]]:
        """The records of a stream so far."""
        out = self.compose(
            "run", "--rm", "-T", *service, "--domain", domain, "--stream", stream, "--json",
            told=False,
        )  # fmt: skip
        return [json.loads(line) for line in out.splitlines() if line.startswith("{")]

    def down(self) -> None:
        """Stop and forget everything."""
        self.compose("--profile", "*", "down", "--volumes", "--remove-orphans", told=False)
