"""`rolestream bench`: how fast things are, on this machine and in the same form for all of them."""

import click

from deploy.cli.bench_growth import growth
from deploy.cli.bench_inflight import inflight
from deploy.cli.bench_ingest import ingest
from deploy.cli.bench_latency import latency
from deploy.cli.bench_policy import policy
from deploy.cli.bench_streams import streams


@click.group()
def bench() -> None:
    """Time a part of Rolestream, other projects' parts beside it."""


for command in (growth, inflight, ingest, latency, policy, streams):
    bench.add_command(command)
