"""A broker's operating-system process: its port, its log file, its start and its end."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from pipeline.errors import ConfigurationError, RetryableError

LOCALHOST = "127.0.0.1"
POLL_S = 0.05
LOG_TAIL_LINES = 15


def free_ports(count: int) -> list[int]:
    """Return `count` different TCP ports that are free on the loopback address now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind((LOCALHOST, 0))
        return [int(one.getsockname()[1]) for one in sockets]
    finally:
        for one in sockets:
            one.close()


def port_answers(port: int) -> bool:
    """Tell whether something accepts connections on the loopback port."""
    try:
        with socket.create_connection((LOCALHOST, port), timeout=1):
            return True
    except OSError:
        return False


class BrokerProcess:
    """One child process that writes its output to `log_path` and can be started again."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log_path: Path,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.log_path = log_path
        self._command = list(command)
        self._environment = dict(environment or {})
        self._process: subprocess.Popen[bytes] | None = None
        self._log_start = 0

    @property
    def running(self) -> bool:
        """Whether the process was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The process's number. Raises ConfigurationError when it was never started."""
        if self._process is None:
            raise ConfigurationError(f"{self.name} was not started")
        return self._process.pid

    def cpu_s(self) -> float:
        """Processor seconds that the running process has used, in user and system together."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def rss_mb(self) -> float:
        """Megabytes of memory that the running process holds."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def start(self) -> None:
        """Start the process; its output is appended to the log file.

        Raises ConfigurationError when the program cannot be run or already runs.
        """
        if self.running:
            raise ConfigurationError(f"{self.name} is already running; stop it first")
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        with self.log_path.open("ab") as log:
            self._log_start = log.tell()
            try:
                # A session of its own: Ctrl-C must reach the workers before the broker goes.
                self._process = subprocess.Popen(  # noqa: S603 - our own command
                    self._command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env={**os.environ, **self._environment},
                    start_new_session=True,
                )
            except OSError as error:
                raise ConfigurationError(
                    f"{self.name} cannot be started: {self._command[0]}: {error.strerror}"
                ) from error

    def log_since_start(self) -> str:
        """Return what the process has written since its latest start."""
        with self.log_path.open("rb") as log:
            log.seek(self._log_start)
            return log.read().decode(errors="replace")

    def wait_until(self, ready: Callable[[], bool], timeout_s: float) -> None:
        """Block until `ready()` is true.

        Raises RetryableError, naming the log file and its last lines, when the process ends or
        `timeout_s` passes first; the process is stopped then.
        """
        deadline = time.monotonic() + timeout_s
        while not ready():
            if not self.running:
                raise RetryableError(f"{self.name} ended while starting; {self._log_tail()}")
            if time.monotonic() > deadline:
                self.kill()
                raise RetryableError(
                    f"{self.name} was not ready after {timeout_s:g} s; {self._log_tail()}"
                )
            time.sleep(POLL_S)

    def stop(self, timeout_s: float = 20.0) -> None:
        """Ask the process to end (SIGTERM), and kill it after `timeout_s`; idle if not running."""
        if self._process is None:
            return
        if self.running:
            self._process.terminate()
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End the process at once (SIGKILL), as a crash would; idle if not running."""
        if self._process is None:
            return
        if self.running:
            self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def _log_tail(self) -> str:
        lines = self.log_since_start().splitlines()[-LOG_TAIL_LINES:]
        return "\n".join([f"see its log {self.log_path}, which ends:", *lines])
