"""`rolestream status`: who serves which role and how it goes, as Kafka has it now."""

import asyncio
from pathlib import Path

import click
import orjson

from deploy.cli.cluster import cluster_options
from deploy.cli.failure import told_plainly
from deploy.cli.observation import Observation
from deploy.cli.status_view import head, role_line
from deploy.cli.visible_text import visible_json, visible_line


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON: all that the live page shows.")
@cluster_options
def status(bootstrap_servers: str | None, config_path: Path | None, as_json: bool) -> None:
    """Print who serves which role, what waits, what was spent, and the last records."""
    with told_plainly():
        observation = Observation(bootstrap_servers, config_path)
        asyncio.run(observation.look())
    view = observation.board.since(0)
    if as_json:
        click.echo(visible_json(orjson.dumps(view).decode("utf-8")))
        return
    click.echo(head(view).plain)
    for budget in view.budgets:
        if budget.spent is not None:
            click.echo(visible_line(budget.spent))
    served = [role for role in view.roles if role.primary is not None]
    for role in served:
        click.echo(role_line(role))
    for letter in view.dead_letters[-3:]:
        text = f"dead letter {letter.kind} from {letter.source}: {letter.message}"
        click.echo(visible_line(text))
    if not served:
        click.echo("no policy has published a role assignment yet")
