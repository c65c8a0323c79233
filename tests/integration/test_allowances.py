"""Limits and budgets hold across worker processes, whichever of them dies."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from deploy.brokers.process import free_ports
from schemas.catalogue import ROLE_ASSIGNMENTS
from schemas.rewards import RoleAssignment
from schemas.roles import Role
from tests.flow import Deployment, until
from tests.unit.pipeline.allowances.world import most_in_a_window

pytestmark = pytest.mark.kafka

Deploy = Callable[..., Deployment]
QUICK = "tick_s = 0.05\nlease_s = 0.5\nbeat_s = 0.5\nsilent_s = 3.0\nlost_s = 6.0"
TEXTS = [f"The council met on day {n} and decided on road {n}." for n in range(1, 13)]


class Endpoint:
    """A model server as a process, and the processes that call it."""

    def __init__(self, folder: Path, module: str, *arguments: str) -> None:
        self.folder = folder
        self.port = free_ports(1)[0]
        self.base_url = f"http://127.0.0.1:{self.port}/v1"
        self._processes: list[subprocess.Popen[bytes]] = []
        self.start(module, "--port", str(self.port), *arguments)
        until(self._answers, 30)

    def start(self, module: str, *arguments: str) -> tuple[subprocess.Popen[bytes], Path]:
        log = self.folder / f"{module}-{len(self._processes)}.txt"
        with log.open("wb") as out:
            command = [sys.executable, "-m", module, *arguments]
            process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
        self._processes.append(process)
        return process, log

    def eager(self, deployment: Deployment, calls: int) -> tuple[subprocess.Popen[bytes], Path]:
        """A process that always wants so many calls."""
        started = self.start(
            "tests.scripted.eager_worker",
            *("--config", str(deployment.config_path), "--calls", str(calls)),
        )
        until(lambda: b"ready:" in started[1].read_bytes(), 60)
        return started

    def calls(self) -> Any:
        with urlopen(f"http://127.0.0.1:{self.port}/calls") as reply:
            return json.load(reply)

    def stop(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait()

    def _answers(self) -> bool:
        try:
            return self.calls() is not None
        except OSError:
            return False


@pytest.fixture
def endpoint(tmp_path: Path) -> Iterator[Callable[..., Endpoint]]:
    running: list[Endpoint] = []

    def make(module: str, *arguments: str) -> Endpoint:
        running.append(Endpoint(tmp_path, module, *arguments))
        return running[-1]

    yield make
    for item in running:
        item.stop()


def tables(base_url: str, limits: str = "", budget: str = "", window_s: float = 60.0) -> str:
    """Configuration tables; the limit group is the base URL."""
    allowances = f"[allowances]\nwindow_s = {window_s}\n{QUICK}\n"
    return (
        allowances
        + (f'[limits."{base_url}"]\n{limits}\n' if limits else "")
        + (f"[budget]\n{budget}\n" if budget else "")
    )


@pytest.mark.slow
def test_three_workers_share_a_limit_and_one_that_is_killed_frees_its_share(
    deploy: Deploy, endpoint: Callable[..., Endpoint]
) -> None:
    counted = endpoint("tests.scripted.counting_server", "--delay-s", "0.1")
    window_s, limit, tokens = 12.0, 120, 60_000
    limits = f"requests_per_minute = {limit}\ntokens_per_minute = {tokens}"
    deployment = deploy(
        models=["counted"],
        base_url=counted.base_url,
        judging=tables(counted.base_url, limits, window_s=window_s),
    )
    workers = [counted.eager(deployment, calls=16)[0] for _ in range(3)]
    time.sleep(window_s * 1.5)
    # The first one has been the coordinator for longest.
    workers[0].send_signal(signal.SIGKILL)
    time.sleep(window_s * 3)
    counted.eager(deployment, calls=16)
    time.sleep(window_s)
    calls = counted.calls()
    came = [(call[0], 1.0) for call in calls]
    assert most_in_a_window(came, window_s) <= limit
    for moment in (0, 1):
        used = [(call[moment], call[2]) for call in calls if call[moment] is not None]
        assert most_in_a_window(used, window_s) <= tokens
    last_s = max(at_s for at_s, _ in came)
    late = [at_s for at_s, _ in came if last_s - 2 * window_s < at_s]
    assert len(late) >= 0.8 * 2 * limit


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    ("limit", "least_use"),
    [("requests_per_minute = 600", 0.95), ("tokens_per_minute = 200000", 0.95)],
)
def test_a_minute_s_limit_is_kept_and_used(
    deploy: Deploy,
    endpoint: Callable[..., Endpoint],
    capsys: pytest.CaptureFixture[str],
    limit: str,
    least_use: float,
) -> None:
    counted = endpoint("tests.scripted.counting_server", "--delay-s", "0.2")
    limits = f'[limits."{counted.base_url}"]\n{limit}\n'
    deployment = deploy(models=["counted"], base_url=counted.base_url, judging=limits)
    for _ in range(3):
        counted.eager(deployment, calls=30)
    time.sleep(190)
    calls = [call for call in counted.calls() if call[1] is not None]
    tokens = "tokens" in limit
    most = float(limit.split()[-1])
    # The allowances count tokens from the reply, requests from their arrival.
    used = [(call[1], call[2]) if tokens else (call[0], 1.0) for call in calls]
    peak = most_in_a_window(used, 60.0)
    end_s = max(at_s for at_s, _ in used)
    # Whole windows after the first one, in which all is spent at once.
    mean = sum(n for at_s, n in used if end_s - 120.0 < at_s) / 2
    with capsys.disabled():
        print(f"\n{limit}: most in 60 s {peak:g}, mean use {mean / most:.2%}")  # noqa: T201
    assert peak <= most
    assert mean >= least_use * most


@pytest.mark.slow
def test_workers_together_never_overspend_and_remember_what_is_spent(
    deploy: Deploy, endpoint: Callable[..., Endpoint]
) -> None:
    counted = endpoint("tests.scripted.counting_server", "--delay-s", "0.2")
    budget_usd = 0.08
    deployment = deploy(
        models=["counted"],
        base_url=counted.base_url,
        judging=tables(counted.base_url, budget=f"run_usd = {budget_usd}"),
    )
    workers = [counted.eager(deployment, calls=4) for _ in range(3)]
    until(lambda: len(counted.calls()) > 60, 60)
    workers[0][0].send_signal(signal.SIGKILL)
    counted.eager(deployment, calls=4)
    refused = b"refused: budget run (0.08 USD) is spent since"
    until(lambda: refused in workers[1][1].read_bytes(), 90)
    time.sleep(2.0)
    paid = sum(call[2] for call in counted.calls()) * 1e-6
    assert paid <= budget_usd
    # What the killed worker had reserved is charged in full, and nothing else is lost.
    assert paid >= 0.8 * budget_usd
    told = json.loads(deployment.command("budget", "--json"))
    [account] = told["budgets"]
    assert account["spent_usd"] + account["reserved_usd"] >= paid - 1e-9
    assert account["spent_usd"] <= budget_usd + 1e-9
    assert account["spent_since"] is not None
    for process, _ in workers[1:]:
        process.send_signal(signal.SIGKILL)
    before = len(counted.calls())
    _, log = counted.eager(deployment, calls=4)
    until(lambda: refused in log.read_bytes(), 60)
    assert len(counted.calls()) == before


@pytest.fixture
def spent(deploy: Deploy, endpoint: Callable[..., Endpoint]) -> tuple[Deployment, Endpoint]:
    """A worker whose budget allows only free calls, with its sentences accounted for."""
    scripted = endpoint("tests.scripted.server", "--delay-s", "0.1")
    free = (
        f'[[models]]\nname = "oracle-free"\nbase_url = "{scripted.base_url}"\n'
        "usd_per_million_input = 0\nusd_per_million_output = 0\n"
    )
    deployment = deploy(
        models=["oracle"],
        base_url=scripted.base_url,
        judging=tables(scripted.base_url, budget="day_usd = 0.0000001") + free,
    )
    deployment.start_worker()
    # Before the policy has spoken any arm is drawn: a window that only free ones serve asks for no
    # money, and a budget is spent only once a call did not fit.
    until(lambda: assigned_finder(deployment) == "oracle", 30)
    deployment.produce("news", "s", TEXTS)
    deployment.wait_accounted(len(TEXTS))
    return deployment, scripted


def assigned_finder(deployment: Deployment) -> str | None:
    """The arm that the policy makes topic finder of news, None before it has spoken."""
    spoken = deployment.read(ROLE_ASSIGNMENTS, RoleAssignment)
    found = [a.primary for a in spoken if (a.domain, a.role) == ("news", Role.TOPIC_FINDER)]
    return found[-1] if found else None


def test_a_spent_budget_leaves_the_free_arms(spent: tuple[Deployment, Endpoint]) -> None:
    deployment, scripted = spent
    models = {name.split("|")[0] for name in scripted.calls()["calls"]}
    assert models == {"oracle-free"}
    assert deployment.dead_letters() == []


def test_a_spent_budget_is_said(spent: tuple[Deployment, Endpoint]) -> None:
    deployment, _ = spent
    line = "arms with a price are left out until 00:00 UTC"
    until(lambda: line in deployment.command("status"), 20)
    assert line in deployment.command("budget")
    assert line in deployment.worker_log()


def test_a_spent_budget_stops_workers_with_one_line(
    deploy: Deploy, endpoint: Callable[..., Endpoint]
) -> None:
    scripted = endpoint("tests.scripted.server", "--delay-s", "0.1")
    deployment = deploy(
        models=["oracle"],
        base_url=scripted.base_url,
        judging=tables(scripted.base_url, budget='run_usd = 0.0000001\nat_limit = "stop"'),
    )
    worker = deployment.start_worker()
    deployment.produce("news", "s", TEXTS)
    until(lambda: worker.poll() is not None, 60)
    assert worker.returncode == 1
    last = deployment.worker_log().strip().splitlines()[-1]
    assert last.startswith("Error: budget run (0.00 USD) is spent since ")
    assert "workers stop" in last
    assert deployment.dead_letters() == []
    assert scripted.calls()["calls"] == {}


def test_a_paused_window_waits_and_goes_on_when_there_is_money(
    deploy: Deploy, endpoint: Callable[..., Endpoint]
) -> None:
    scripted = endpoint("tests.scripted.server", "--delay-s", "0.1")
    deployment = deploy(
        models=["oracle"],
        base_url=scripted.base_url,
        judging=tables(scripted.base_url, budget='run_usd = 0.0000001\nat_limit = "pause"'),
    )
    worker = deployment.start_worker()
    deployment.produce("news", "s", TEXTS)
    until(lambda: "is spent since" in deployment.worker_log(), 60)
    time.sleep(3.0)
    assert scripted.calls()["calls"] == {}
    worker.terminate()
    until(lambda: worker.poll() is not None, 30)
    config = deployment.config_path.read_text(encoding="utf-8")
    deployment.config_path.write_text(config.replace("0.0000001", "5.0"), encoding="utf-8")
    deployment.start_worker()
    deployment.wait_accounted(len(TEXTS))
    assert deployment.dead_letters() == []
