"""`rolestream bench ingest`: sentences a second through the splitter, beside bare loops."""

from collections.abc import Sequence

import click
from rich.table import Table

from deploy.bench import ingest as bench
from deploy.bench.peers import QUIX_MISSING, quix_python
from deploy.cli.bench_options import Setting, bench_options, run_bench
from deploy.cli.bench_report import Row


@click.command()
@click.option("--sentences", default=400_000, show_default=True, help="That wait at the start.")
@click.option("--streams", default=52, show_default=True)
@click.option("--window-sentences", default=60, show_default=True)
@click.option("--seconds", default=15.0, show_default=True, help="At most, for each system.")
@click.option(
    "--system", "systems", multiple=True, type=click.Choice(bench.SYSTEMS), help="All if left out."
)
@bench_options
def ingest(
    sentences: int,
    streams: int,
    window_sentences: int,
    seconds: float,
    systems: Sequence[str],
    setting: Setting,
) -> None:
    """Time the splitter beside loops that only pass messages on."""
    chosen = list(systems or bench.SYSTEMS)
    if bench.QUIX in chosen and quix_python() is None:
        click.echo(QUIX_MISSING, err=True)
        chosen.remove(bench.QUIX)
    load = bench.Load(sentences, streams, window_sentences, seconds)
    run_bench(
        "ingest",
        setting,
        [load],
        lambda load, servers, progress: bench.measure(chosen, load, servers, progress),
        _table,
    )


def _table(rows: Sequence[Row]) -> Table:
    table = Table("system", "sentences/s", "of confluent-kafka", "CPU us a sentence", "guarantee")
    for row in rows:
        ratio = row["ratio_to_confluent"]
        table.add_row(
            str(row["system"]),
            f"{row['sentences_per_s']:,.0f}",
            "" if ratio is None else f"{ratio:.3f}",
            f"{row['cpu_us_per_sentence']:.1f}",
            str(row["guarantee"]),
        )
    return table
