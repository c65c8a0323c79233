"""`rolestream top`: the live page in a terminal."""

import asyncio
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.live import Live

from deploy.cli.cluster import cluster_options
from deploy.cli.failure import told_plainly
from deploy.cli.observation import Observation
from deploy.cli.status_view import screen
from deploy.cli.stop_signals import Stopped, stop_signals
from pipeline.errors import ConfigurationError

_LEAVE = frozenset("qQ\x1b\x03")


@click.command()
@click.option(
    "--interval",
    type=click.FloatRange(min=0.1),
    default=1.0,
    show_default=True,
    help="Seconds between two looks.",
)
@cluster_options
def top(bootstrap_servers: str | None, config_path: Path | None, interval: float) -> None:
    """Show who serves which role, and what comes out, while it happens. The key q leaves."""
    with told_plainly():
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            raise ConfigurationError("top needs a terminal; for scripts: rolestream status --json")
        observation = Observation(bootstrap_servers, config_path)
        try:
            with stop_signals():
                asyncio.run(_show(observation, interval))
        except Stopped as stopped:
            raise SystemExit(stopped.exit_status) from None


async def _show(observation: Observation, interval_s: float) -> None:
    console = Console()
    leave = asyncio.Event()
    with _keys(leave.set):
        async with observation:
            with Live(console=console, screen=True, auto_refresh=False) as live:
                while not leave.is_set():
                    view = observation.board.since(0)
                    live.update(screen(view, console.size.height), refresh=True)
                    try:
                        await asyncio.wait_for(leave.wait(), interval_s)
                    except TimeoutError:
                        continue


@contextmanager
def _keys(leave: Callable[[], None]) -> Iterator[None]:
    """Hear single keys, unechoed, and put the terminal back as it was."""
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    loop = asyncio.get_running_loop()

    def pressed() -> None:
        if _LEAVE & set(sys.stdin.read(1)):
            leave()

    tty.setcbreak(descriptor)
    loop.add_reader(descriptor, pressed)
    try:
        yield
    finally:
        loop.remove_reader(descriptor)
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
