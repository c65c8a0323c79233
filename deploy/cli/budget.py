"""`rolestream budget`: what is limited, used, held and left, since when a budget is spent."""

import json
from datetime import UTC, datetime
from pathlib import Path

import click

from deploy.cli.budget_view import AccountView, WindowView, views
from deploy.cli.cluster import cluster_options, kafka_settings
from deploy.cli.failure import told_plainly
from deploy.cli.last_ledger import read_last_ledger
from pipeline.allowances.words import spent_lines


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@cluster_options
def budget(bootstrap_servers: str | None, config_path: Path | None, as_json: bool) -> None:
    """Print the budgets and the limits of providers, as all workers share them."""
    with told_plainly():
        ledger = read_last_ledger(kafka_settings(bootstrap_servers, config_path))
    now = datetime.now(UTC)
    accounts: list[AccountView] = []
    windows: list[WindowView] = []
    lines: tuple[str, ...] = ()
    if ledger is not None:
        accounts, windows = views(ledger, now)
        lines = spent_lines(ledger, now)
    if as_json:
        found = {
            "at": None if ledger is None else ledger.at.isoformat(),
            "budgets": [view.as_json() for view in accounts],
            "limits": [view.as_json() for view in windows],
            "spent": list(lines),
        }
        click.echo(json.dumps(found))
        return
    for account in accounts:
        click.echo(account.line)
    for window in windows:
        click.echo(window.line)
    for line in lines:
        click.echo(line)
    if ledger is None:
        click.echo("no limit and no budget has been in force yet")
