"""`rolestream policy replay`: a policy on recorded outcomes, or estimated from reward events."""

from pathlib import Path
from typing import Any

import click

from deploy.cli.failure import told_plainly
from pipeline.rolerl.registry import policy_names
from pipeline.rolerl.replay.options import EVENT_KINDS, ReplayOptions, parse_event, parse_window
from pipeline.rolerl.replay.report import ReplayReport, run_replay
from pipeline.rolerl.replay.schedule import SCHEDULES

_USD = click.FloatRange(min=0)


@click.command()
@click.option("--outcomes", type=click.Path(path_type=Path), required=True, help="JSON lines.")
@click.option("--policy", default="default", show_default=True, help=", ".join(policy_names()))
@click.option("--seeds", type=click.IntRange(min=1), default=1, show_default=True)
@click.option("--schedule", type=click.Choice(SCHEDULES), default="shuffle", show_default=True)
@click.option("--steps", type=click.IntRange(min=1), help="The schedule's own length if left out.")
@click.option("--window", default="all", show_default=True, help="What counts: all or last:N.")
@click.option("--baseline", help="Savings are against this model; the dearest if left out.")
@click.option("--judge-cost-usd", type=_USD, help="Price of a judgment.")
@click.option("--judge-model", help="A judgment costs what a run of this model costs on average.")
@click.option("--feedback-rate", type=click.FloatRange(0, 1), default=0.0, show_default=True)
@click.option("--budget-usd", type=_USD, help="Money ceiling for the whole replay.")
@click.option("--slo-p95-s", type=_USD, help="95 % of decisions should take no longer.")
@click.option("--value-usd", type=_USD, help="What a right answer is worth.")
@click.option("--context", type=click.Choice(["segment"]), help="Show the policy the segment.")
@click.option("--drop-model", "drop", multiple=True, metavar="MODEL@STEP")
@click.option("--add-model", "add", multiple=True, metavar="MODEL@STEP")
@click.option("--break-model", "break_", multiple=True, metavar="MODEL@STEP")
@click.option("--reprice", "--reprice-model", "reprice", multiple=True, metavar="MODEL=FACTOR@STEP")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def replay(
    outcomes: Path,
    window: str,
    context: str | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Play recorded outcomes against a policy, which sees only what it paid for."""
    with told_plainly():
        texts = {"break": given.pop("break_")} | {
            kind: given.pop(kind) for kind in EVENT_KINDS if kind != "break"
        }
        report = run_replay(
            ReplayOptions(
                outcomes=outcomes,
                window=parse_window(window),
                context_segment=context == "segment",
                events=tuple(
                    parse_event(kind, text) for kind in EVENT_KINDS for text in texts[kind]
                ),
                **given,
            )
        )
    click.echo(report.as_json().decode() if as_json else _summary(report))


def _summary(report: ReplayReport) -> str:
    lines = [f"{report.policy} on {report.outcomes}, {report.seeds} seeds, {report.steps} steps"]
    for name, value in report.means.items():
        parts = value if isinstance(value, dict) else {"": value}
        told = [f"{part} {_figure(found)}".strip() for part, found in parts.items()]
        lines.append(f"  {name}: {', '.join(told)}")
    return "\n".join(lines)


def _figure(found: object) -> str:
    if found is None:
        return "not known"
    return f"{found:.4g}" if isinstance(found, float) else str(found)
