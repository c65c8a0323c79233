"""`rolestream bench latency`: how long a finished window waits for its first record."""

from collections.abc import Sequence

import click
from rich.table import Table

from deploy.bench import latency as bench
from deploy.cli.bench_options import Setting, bench_options, run_bench
from deploy.cli.bench_report import Row
from schemas.roles import Role


@click.command()
@click.option("--streams", default=50, show_default=True)
@click.option("--rate", default=100.0, show_default=True, help="Sentences/s over all streams.")
@click.option("--window-sentences", default=20, show_default=True)
@click.option("--latency-ms", default=20.0, show_default=True, help="Of the model, taken out.")
@click.option("--seconds", default=60.0, show_default=True)
@bench_options
def latency(
    streams: int,
    rate: float,
    window_sentences: int,
    latency_ms: float,
    seconds: float,
    setting: Setting,
) -> None:
    """Time a window from its last sentence to its first record, models aside, all six roles."""
    case = bench.Case(streams, rate, window_sentences, latency_ms / 1000, seconds)
    run_bench(
        "latency",
        setting,
        [case],
        lambda case, servers, progress: [bench.measure(case, servers, progress)],
        _table,
    )


def _table(rows: Sequence[Row]) -> Table:
    [row] = rows
    title = f"{row['windows']} windows of {row['streams']} streams, ms, without the models"
    table = Table("hop", "p50", "p99", "share", title=title)
    for role in Role:
        name = role.value
        figures = [1000 * float(row[f"{name}_{part}_s"] or 0) for part in ("p50", "p99")]
        table.add_row(role.slug, *(f"{f:.1f}" for f in figures), f"{row[f'{name}_share']:.0%}")
    whole = [1000 * float(row[name] or 0) for name in ("p50_s", "p99_s")]
    table.add_row("all", *(f"{f:.1f}" for f in whole), "100%")
    return table
