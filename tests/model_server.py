"""The embedded models' server as a process, for tests that need real answers."""

import subprocess
import sys
import urllib.error
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

from deploy.brokers.process import free_ports
from tests.flow import until


@contextmanager
def embedded_models(arms: Sequence[str], folder: Path) -> Iterator[str]:
    """Serve `arms`; yields the base URL."""
    port = free_ports(1)[0]
    log = folder / "models.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "deploy.cli", "models", "serve"),
                *("--port", str(port), "--arms", ",".join(arms)),
            ],
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        until(lambda: process.poll() is not None or _answers(port), 120)
        assert process.poll() is None, log.read_text(errors="replace")[-1000:]
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.wait(20)


def _answers(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/health", timeout=1) as reply:
            return bool(reply.status == 200)
    except (OSError, urllib.error.URLError):
        return False
