"""The misbehaving server as a process, and arms, pools and role servers on top of it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from deploy.brokers.process import free_ports
from pipeline.clock import SystemClock
from pipeline.config import ModelSettings
from pipeline.decisions.answer_log import MemoryAnswerLog
from pipeline.decisions.run import Runner
from pipeline.decisions.serve import RoleServer, Served
from pipeline.models.pool import ModelPool
from pipeline.olp.topic_finder import TopicFinder
from pipeline.rolerl.reward import reward_preset
from schemas.rewards import ArmShare, RoleAssignment
from schemas.role_task import RoleTask
from schemas.roles import Role
from tests.flow import until
from tests.role_tasks import AT, GARDEN, role_task, window
from tests.scripted.text import marked


class Endpoint:
    """A running server."""

    def __init__(self, port: int, control_port: int, scheme: str = "http") -> None:
        self.base_url = f"{scheme}://127.0.0.1:{port}/v1"
        self._control = f"http://127.0.0.1:{control_port}"

    def told(self, command: str = "calls") -> dict[str, Any]:
        """What was asked so far; `speak` and `hush` open and close its ears."""
        with urlopen(f"{self._control}/{command}", timeout=5) as reply:
            found: dict[str, Any] = json.load(reply)
        return found

    def calls(self, model: str) -> int:
        """How often a model was asked."""
        return int(self.told()["calls"].get(model, 0))

    def arm(self, name: str, **changes: Any) -> ModelSettings:
        """An arm of that name here."""
        fields: dict[str, Any] = {
            "name": name,
            "base_url": self.base_url,
            "usd_per_million_input": 1000.0,
            "usd_per_million_output": 2000.0,
            "timeout_s": 1.0,
        }
        return ModelSettings(**{**fields, **changes})


@contextmanager
def running_endpoint(folder: Path, *arguments: str) -> Iterator[Endpoint]:
    """Start a server process; it ends with the context."""
    port, control_port = free_ports(2)
    with (folder / f"faults-{port}.log").open("wb") as out:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "tests.faults.server", "--port", str(port)),
                *("--control-port", str(control_port), *arguments),
            ],
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    endpoint = Endpoint(port, control_port, "https" if "--tls" in arguments else "http")
    try:
        until(lambda: process.poll() is not None or _up(endpoint), 20)
        assert process.poll() is None
        yield endpoint
    finally:
        process.kill()
        process.wait()


def _up(endpoint: Endpoint) -> bool:
    try:
        endpoint.told()
    except OSError:
        return False
    return True


def finder_task(number: int = 1) -> RoleTask:
    """A window about a rose, whose right answer every model can read off it."""
    texts = [marked("rose", ["look"], f"window {number}, sentence {n}") for n in range(1, 5)]
    return role_task(Role.TOPIC_FINDER, window(texts, window_id=f"window-{number}"))


def in_turn(first: str, *then: str) -> RoleAssignment:
    """The assignment of one arm, backed by others."""
    return RoleAssignment(
        domain="garden",
        role=Role.TOPIC_FINDER,
        version=1,
        policy="fixed",
        primary=first,
        mix=(ArmShare(model=first, probability=1.0),),
        fallbacks=tuple(ArmShare(model=model, probability=1.0) for model in then),
        reason="test",
        at=AT,
    )


class Flow:
    """A role server over real clients, in this process."""

    def __init__(self, *arms: ModelSettings, deadline_s: float = 20.0) -> None:
        clock = SystemClock()
        self.pool = ModelPool.from_settings(arms, clock)
        self.log = MemoryAnswerLog()
        self._server = RoleServer(
            self.pool,
            Runner(self.pool, clock),
            {"garden": GARDEN},
            reward_preset("paper", value_usd=1.0),
            max_fallbacks=3,
            deadline_s=deadline_s,
        )

    async def serve(self, task: RoleTask, how: RoleAssignment | None) -> Served:
        """Find the subjects of the task's window."""
        return await self._server.serve(TopicFinder(), task, how, self.log)
