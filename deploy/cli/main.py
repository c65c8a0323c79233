"""The `rolestream` command; a sub-command's module is imported only when it is called.

So `produce` and `consume` start fast and need neither Faust nor the models.
"""

import os
from importlib import import_module

import click

_COMMANDS = {
    "bench": ("deploy.cli.bench", "bench"),
    "budget": ("deploy.cli.budget", "budget"),
    "consume": ("deploy.cli.consume", "consume"),
    "dead-letters": ("deploy.cli.dead_letters", "dead_letters"),
    "demo": ("deploy.cli.demo", "demo"),
    "eval": ("deploy.cli.eval", "evaluate"),
    "ingest": ("deploy.cli.ingest", "ingest"),
    "models": ("deploy.cli.models", "models"),
    "policy": ("deploy.cli.policy", "policy"),
    "produce": ("deploy.cli.produce", "produce"),
    "status": ("deploy.cli.status", "status"),
    "top": ("deploy.cli.top", "top"),
    "topics": ("deploy.cli.topics", "topics"),
    "up": ("deploy.cli.up", "up"),
    "worker": ("deploy.cli.worker", "worker"),
}

_ONE_THREAD = frozenset({"worker"})
"""Commands whose matrices are too small to be shared out among cores: threads that wait for one
another take twice the time of one alone, on all cores."""


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports them on demand."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in order."""
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now."""
        if cmd_name not in _COMMANDS:
            return None
        if cmd_name in _ONE_THREAD:
            # Read when numpy is loaded, which the command's module does.
            os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        module, name = _COMMANDS[cmd_name]
        command = getattr(import_module(module), name)
        if not isinstance(command, click.Command):
            raise TypeError(f"{module}.{name} is not a command")
        return command


@click.group(cls=LazyGroup)
@click.version_option(package_name="rolestream")
def main() -> None:
    """Turn endless media text in Kafka into categorised records."""
