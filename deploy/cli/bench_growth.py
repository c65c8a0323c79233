"""`rolestream bench growth`: what a window costs as streams, subjects and the pool grow."""

from collections.abc import Sequence

import click
from rich.table import Table

from deploy.bench import growth as bench
from deploy.cli.bench_options import Setting, bench_options, numbers, run_bench
from deploy.cli.bench_report import Row


@click.command()
@click.option("--windows", default="10,100,1000", show_default=True, help="Length of the stream.")
@click.option("--subjects", default="10,100,1000", show_default=True, help="Of the stream.")
@click.option("--arms", default="1,10,100", show_default=True, help="In the pool.")
@click.option("--stretches", default=3, show_default=True, help="Of 48 windows; the median counts.")
@click.option("--warm", default=250, show_default=True, help="Windows before any is measured.")
@bench_options
def growth(
    windows: str, subjects: str, arms: str, stretches: int, warm: int, setting: Setting
) -> None:
    """Time a window in a worker with all roles, as what it works on grows."""
    load = bench.Load(stretches=max(stretches, 1), warm=max(warm, 1))
    run_bench(
        "growth",
        setting,
        list(bench.cases(numbers(windows), numbers(subjects), numbers(arms))),
        lambda case, servers, progress: [bench.measure(case, load, servers, progress)],
        _table,
    )


def _table(rows: Sequence[Row]) -> Table:
    table = Table(
        "what grows", "to", "CPU ms a window", "least to most", "calls", "regular CPU ms/s"
    )
    for row in rows:
        table.add_row(
            str(row["grows"]),
            f"{row['size']:,}",
            f"{row['cpu_ms_per_window']:.1f}",
            f"{row['cpu_ms_per_window_least']:.1f} to {row['cpu_ms_per_window_most']:.1f}",
            f"{row['calls_per_window']:.1f}",
            f"{row['regular_cpu_ms_per_s']:.0f}",
        )
    return table
