"""`rolestream policy replay --from-rewards`: another policy, estimated from logged decisions."""

from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from deploy.cli.cluster import kafka_settings
from deploy.cli.reward_events import RewardLog, read_from_file, read_from_kafka
from pipeline.rolerl.replay.off_policy import Estimate
from pipeline.rolerl.replay.off_policy_report import (
    OffPolicyReport,
    arms_of,
    estimate,
    judgment_price_usd,
)
from pipeline.rolerl.settings import PolicySettings

FROM_KAFKA = "Kafka"


def read_log(source: str, bootstrap_servers: str | None, config_path: Path | None) -> RewardLog:
    """The log that `source` names: FROM_KAFKA, or a file."""
    if source == FROM_KAFKA:
        return read_from_kafka(kafka_settings(bootstrap_servers, config_path))
    return read_from_file(Path(source))


def estimate_policy(
    log: RewardLog, policy: str, value_usd: float | None, slo_p95_s: float | None, quiet: bool
) -> OffPolicyReport:
    """The report; arms and their prices are the log's. Shows a bar on standard error if not quiet.

    Raises InvalidInputError for a log that says nothing, ConfigurationError for an unknown policy.
    """
    observations = log.observations()
    settings = PolicySettings(
        judge_price_usd=judgment_price_usd(observations), value_usd=value_usd, slo_p95_s=slo_p95_s
    )
    with Progress(console=Console(stderr=True), transient=True, disable=quiet) as bar:
        task = bar.add_task(f"{policy} along {log.source}", total=len(observations))
        return estimate(
            observations,
            policy,
            arms_of(observations),
            settings,
            log.policies,
            lambda done: bar.update(task, completed=done),
        )


def print_estimates(report: OffPolicyReport, source: str) -> None:
    """The report as a table for people."""
    console = Console()
    told = report.overlap
    console.print(
        f"{report.policy} on {source}: {report.decisions} decisions, {report.runs} runs, "
        f"logged by {', '.join(report.logged_policies)}",
        soft_wrap=True,
    )
    console.print(
        f"{told.decisions} decisions with a known result count like {told.effective:.0f}; "
        f"a right answer is worth ${report.value_usd:.3g}",
        soft_wrap=True,
    )
    table = Table(
        "a decision",
        "the log's own",
        "doubly robust",
        "inverse prop.",
        "self-norm.",
        box=SIMPLE_HEAD,
        caption="means with 95 % intervals, of the arm that is drawn first in each decision",
    )
    for name, found in report.measures.items():
        row = (found.logged, found.doubly_robust, found.inverse_propensity, found.self_normalised)
        table.add_row(name, *map(_interval, row))
    console.print(table)
    if report.escalating > 0.0:
        console.print(
            f"In {report.escalating:.0%} of the decisions {report.policy} would run another arm if "
            "a judge found the first answer wrong; what that adds is not in these figures.",
            soft_wrap=True,
        )
    if report.warning is not None:
        console.print(report.warning, style="yellow", soft_wrap=True)


def _interval(found: Estimate) -> str:
    if found.mean is None or found.low is None or found.high is None:
        return "not known"
    return f"{found.mean:.4g} ± {found.high - found.mean:.2g}"
