"""What the benches on a broker have in common: options, progress, the report."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from deploy.bench.broker import BROKERS, bench_broker
from deploy.cli.bench_report import BenchReport, Row
from deploy.cli.failure import told_plainly
from pipeline.errors import ConfigurationError

PACKAGES = ("faust-streaming", "aiokafka", "confluent-kafka", "openai", "pydantic", "orjson")
CaseT = TypeVar("CaseT")


@dataclass(frozen=True)
class Setting:
    """Where a bench runs and how it reports."""

    broker: str
    bootstrap_servers: str | None
    as_json: bool
    out: Path | None


def bench_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the common options; the command gets them as `setting`."""

    @click.option(
        "--broker",
        type=click.Choice(BROKERS),
        default=BROKERS[0],
        show_default=True,
        help="Apache Kafka from its published jars, or the embedded broker.",
    )
    @click.option("--bootstrap-servers", metavar="HOST:PORT,...", help="A cluster of your own.")
    @click.option("--json", "as_json", is_flag=True, help="Print JSON.")
    @click.option("--out", type=click.Path(path_type=Path), help="Write the JSON to a file too.")
    @wraps(command)
    def with_setting(
        *args: Any,
        broker: str,
        bootstrap_servers: str | None,
        as_json: bool,
        out: Path | None,
        **others: Any,
    ) -> Any:
        setting = Setting(broker, bootstrap_servers, as_json, out)
        return command(*args, setting=setting, **others)

    return with_setting


def numbers(text: str) -> list[int]:
    """The whole numbers of a comma-separated list. Raises click's error for anything else."""
    try:
        found = [int(part) for part in text.split(",")]
    except ValueError:
        raise click.BadParameter(f"{text!r} is not a list of numbers like 1,16,64") from None
    if min(found) < 1:
        raise click.BadParameter(f"{text!r}: each number must be at least 1")
    return found


def run_bench(
    name: str,
    setting: Setting,
    cases: Sequence[CaseT],
    measure: Callable[[CaseT, str, Callable[[float], None]], Sequence[Row]],
    table: Callable[[Sequence[Row]], Table],
) -> None:
    """Measure every case on one broker, and report; `measure` gets case, servers, progress."""
    rows: list[Row] = []
    with (
        told_plainly(),
        Progress(console=Console(stderr=True), transient=True, disable=setting.as_json) as bar,
        bench_broker(setting.broker, setting.bootstrap_servers) as broker,
    ):
        task = bar.add_task(name, total=len(cases))
        for done, case in enumerate(cases):
            bar.update(task, description=f"{name}: {case}", completed=done)

            def tell(share: float, done: int = done) -> None:
                bar.update(task, completed=done + share)

            found = measure(case, broker.bootstrap_servers, tell)
            rows += [{**row, "broker": broker.name} for row in found]
        if not rows:
            raise ConfigurationError("nothing is left to measure")
    report = BenchReport(name, rows, PACKAGES).as_json()
    if setting.out is not None:
        setting.out.parent.mkdir(parents=True, exist_ok=True)
        setting.out.write_text(report + "\n", encoding="utf-8")
    if setting.as_json:
        click.echo(report)
    else:
        Console().print(table(rows))
