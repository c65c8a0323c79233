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
@bench_options
def growth(windows: str, subjects: str, arms: str, setting: Setting) -> None:
    """Time a window in a worker with all roles, as what it works on grows."""
    run_bench(
        "growth",
        setting,
        list(bench.cases(numbers(windows), numbers(subjects), numbers(arms))),
        lambda case, servers, progress: [bench.measure(case, servers, progress)],
        _table,
    )


def _table(rows: Sequence[Row]) -> Table:
    table = Table("what grows", "to", "CPU ms a window", "windows/s")
    for row in rows:
        table.add_row(
            str(row["grows"]),
            f"{row['size']:,}",
            f"{row['cpu_ms_per_window']:.1f}",
            f"{row['windows_per_s']:.1f}",
        )
    return table
