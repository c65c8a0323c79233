"""`rolestream bench policy`: how long the policies take to decide and to learn."""

import time
from collections.abc import Sequence

import click
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from deploy.cli.bench_report import OURS, BenchReport, Row
from deploy.cli.failure import told_plainly
from pipeline.errors import ConfigurationError
from pipeline.rolerl.bench import ARMS, DOMAINS, ROLES, PolicySpeed, bench_policy
from pipeline.rolerl.registry import policy_names

PEER = "peer:"
PEER_PACKAGES = ("mabwiser", "river", "paretobandit")


@click.command()
@click.option(
    "--policy",
    "names",
    multiple=True,
    help=f"May be given several times; all if left out: {', '.join(policy_names())}.",
)
@click.option("--windows", type=click.IntRange(min=10), default=4000, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def policy(names: Sequence[str], windows: int, as_json: bool) -> None:
    """Time a decision and an update of each policy, those of other projects too."""
    rows: list[Row] = []
    errors = Console(stderr=True)
    with (
        told_plainly(),
        Progress(console=errors, transient=True, disable=as_json) as bar,
    ):
        for name in names or policy_names():
            task = bar.add_task(name, total=windows)
            try:
                speed = bench_policy(
                    name,
                    time.perf_counter,
                    windows,
                    lambda done, task=task: bar.update(task, completed=done),  # type: ignore[misc]
                )
            except ConfigurationError as error:
                if names or not name.startswith(PEER):
                    raise
                click.echo(f"{name} is left out: {error}", err=True)
                continue
            rows.append(_row(speed))
    if as_json:
        click.echo(BenchReport("policy", rows, ("numpy", *PEER_PACKAGES)).as_json())
    else:
        _print(rows)


def _row(speed: PolicySpeed) -> Row:
    system = next((p for p in PEER_PACKAGES if speed.policy.startswith(PEER + p)), OURS)
    return {
        "system": system,
        "policy": speed.policy,
        "arms": ARMS,
        "roles": ROLES,
        "domains": DOMAINS,
        "decisions": speed.decisions,
        "decision_median_s": speed.decision_median_s,
        "update_median_s": speed.update_median_s,
        "events_per_s": speed.events_per_s,
        "closed_loop_events_per_s": speed.closed_loop_events_per_s,
    }


def _print(rows: Sequence[Row]) -> None:
    title = f"{ARMS} arms, {ROLES} roles, {DOMAINS} domains; medians"
    table = Table("policy", "decision, us", "update, us", "reward events/s", title=title)
    for row in rows:
        us = [1e6 * float(row[name] or 0.0) for name in ("decision_median_s", "update_median_s")]
        table.add_row(str(row["policy"]), *(f"{f:.2f}" for f in us), f"{row['events_per_s']:,.0f}")
    Console().print(table)
