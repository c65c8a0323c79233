"""`rolestream bench`: how fast things are, on this machine and in the same form for all of them."""

import click

from deploy.cli.bench_inflight import inflight
from deploy.cli.bench_policy import policy


@click.group()
def bench() -> None:
    """Time a part of Rolestream, other projects' parts beside it."""


bench.add_command(inflight)
bench.add_command(policy)
