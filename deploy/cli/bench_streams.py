"""`rolestream bench streams`: what many open streams cost, and how fast a killed worker is back."""

from collections.abc import Sequence

import click
from rich.table import Table

from deploy.bench import streams as bench
from deploy.cli.bench_options import Setting, bench_options, numbers, run_bench
from deploy.cli.bench_report import Row


@click.command()
@click.option("--streams", "counts", default="1,100,10000", show_default=True)
@click.option("--windows", default=1, show_default=True, help="Whole windows of each stream.")
@click.option("--window-sentences", default=20, show_default=True)
@click.option(
    "--lasting-name/--no-lasting-name",
    default=True,
    show_default=True,
    help="With worker.group_instance_id, or waiting for the killed one's session to end.",
)
@bench_options
def streams(
    counts: str, windows: int, window_sentences: int, lasting_name: bool, setting: Setting
) -> None:
    """Open many streams in one worker, kill it, and wait for its successor's first window."""
    run_bench(
        "streams",
        setting,
        [bench.Case(count, windows, window_sentences, lasting_name) for count in numbers(counts)],
        lambda case, servers, progress: [bench.measure(case, servers, progress)],
        _table,
    )


def _table(rows: Sequence[Row]) -> Table:
    table = Table("streams", "sentences/s", "RSS, MB", "first output, s", "all caught up, s")
    for row in rows:
        table.add_row(
            f"{row['streams']:,}",
            f"{row['sentences_per_s']:,.0f}",
            f"{row['rss_mb']:,.0f}",
            f"{row['recovery_s']:.1f}",
            f"{row['all_recovered_s']:.1f}",
        )
    return table
