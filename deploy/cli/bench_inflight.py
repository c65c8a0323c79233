"""`rolestream bench inflight`: how many model calls a second, against the limit K/L."""

from collections.abc import Sequence

import click
from rich.table import Table

from deploy.bench import inflight as bench
from deploy.bench.peers import QUIX_MISSING, quix_python
from deploy.cli.bench_options import Setting, bench_options, numbers, run_bench
from deploy.cli.bench_report import Row


@click.command()
@click.option("--k", "ks", default="1,16,64,256,1024", show_default=True, help="Calls in flight.")
@click.option(
    "--latency-ms", "latencies", default="50,200,1000", show_default=True, help="Of the model."
)
@click.option("--workers", default="1,2", show_default=True, help="Processes of Rolestream.")
@click.option(
    "--system", "systems", multiple=True, type=click.Choice(bench.SYSTEMS), help="All if left out."
)
@click.option("--seconds", default=10.0, show_default=True, help="Measured in each case.")
@click.option("--sentences", default=60, show_default=True, help="In each window.")
@click.option(
    "--spread", default=0.0, show_default=True, help="Above 0 the latency is lognormal around it."
)
@bench_options
def inflight(
    ks: str,
    latencies: str,
    workers: str,
    systems: Sequence[str],
    seconds: float,
    sentences: int,
    spread: float,
    setting: Setting,
) -> None:
    """Time model calls with K in flight, beside plain Faust, aiokafka and Quix Streams."""
    chosen = list(systems or bench.SYSTEMS)
    if bench.QUIX in chosen and quix_python() is None:
        click.echo(QUIX_MISSING, err=True)
        chosen.remove(bench.QUIX)
    latencies_s = [ms / 1000 for ms in numbers(latencies)]
    cases = list(bench.cases(chosen, numbers(ks), latencies_s, numbers(workers)))
    load = bench.Load(seconds, sentences, spread)
    run_bench(
        "inflight",
        setting,
        cases,
        lambda case, broker, progress: [bench.measure(case, load, broker, progress)],
        _table,
    )


def _table(rows: Sequence[Row]) -> Table:
    table = Table("system", "K", "L, ms", "workers", "calls/s", "of K/L", "CPU ms a call")
    for row in rows:
        table.add_row(
            str(row["system"]),
            str(row["k"]),
            f"{1000 * float(row['latency_s'] or 0):g}",
            str(row["workers"]),
            f"{row['calls_per_s']:,.1f}",
            f"{row['efficiency']:.3f}",
            f"{row['cpu_ms_per_call']:.2f}",
        )
    return table
