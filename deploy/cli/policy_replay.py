"""`rolestream policy replay`: a policy on recorded outcomes, or estimated from reward events."""

import json
import os
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from deploy.cli.cluster import cluster_options
from deploy.cli.failure import told_plainly
from deploy.cli.off_policy import FROM_KAFKA, estimate_policy, print_estimates, read_log
from pipeline.errors import ConfigurationError
from pipeline.rolerl.registry import policy_names
from pipeline.rolerl.replay.options import EVENT_KINDS, ReplayOptions, parse_event, parse_window
from pipeline.rolerl.replay.report import ReplayReport, run_replay
from pipeline.rolerl.replay.schedule import SCHEDULES

_USD = click.FloatRange(min=0)
_OF_A_LOG = {"from_rewards", "policy", "value_usd", "slo_p95_s", "as_json"}
_OF_A_LOG |= {"bootstrap_servers", "config_path"}


@click.command()
@click.option("--outcomes", type=click.Path(path_type=Path), help="Recorded outcomes, JSON lines.")
@click.option(
    "--from-rewards",
    is_flag=False,
    flag_value=FROM_KAFKA,
    metavar="[FILE]",
    help="Estimate the policy from logged reward events: those in Kafka, or FILE's JSON lines.",
)
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
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=os.cpu_count() or 1,
    help="Processes to share the seeds among; all cores if left out.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@cluster_options
@click.pass_context
def replay(
    ctx: click.Context,
    /,
    outcomes: Path | None,
    from_rewards: str | None,
    window: str,
    context: str | None,
    as_json: bool,
    bootstrap_servers: str | None,
    config_path: Path | None,
    **given: Any,
) -> None:
    """Try a policy out on what was recorded.

    With --outcomes it plays against recorded outcomes of every model and sees only what it paid
    for. With --from-rewards it is estimated from a deployment's own decisions.
    """
    with told_plainly():
        if (outcomes is None) == (from_rewards is None):
            raise ConfigurationError("give --outcomes FILE or --from-rewards [FILE], one of them")
        if from_rewards is not None:
            _only_of_a_log(ctx)
            log = read_log(from_rewards, bootstrap_servers, config_path)
            estimated = estimate_policy(
                log, given["policy"], given["value_usd"], given["slo_p95_s"], quiet=as_json
            )
            if as_json:
                click.echo(json.dumps({"rewards": log.source, **estimated.as_dict()}))
            else:
                print_estimates(estimated, log.source)
            return
        texts = {"break": given.pop("break_")} | {
            kind: given.pop(kind) for kind in EVENT_KINDS if kind != "break"
        }
        report = run_replay(
            ReplayOptions(
                outcomes=outcomes or Path(),
                window=parse_window(window),
                context_segment=context == "segment",
                events=tuple(
                    parse_event(kind, text) for kind in EVENT_KINDS for text in texts[kind]
                ),
                **given,
            )
        )
    click.echo(report.as_json().decode() if as_json else _summary(report))


def _only_of_a_log(ctx: click.Context) -> None:
    for parameter in ctx.command.params:
        name = parameter.name or ""
        if name in _OF_A_LOG or ctx.get_parameter_source(name) is ParameterSource.DEFAULT:
            continue
        raise ConfigurationError(f"{parameter.opts[0]} goes with --outcomes, not --from-rewards")


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
