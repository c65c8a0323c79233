"""`python -m pipeline.rolerl.replay`: the replay without the rest of the command line."""

import argparse
import os
import sys
from pathlib import Path

from pipeline.errors import RolestreamError
from pipeline.rolerl.registry import policy_names
from pipeline.rolerl.replay.options import EVENT_KINDS, ReplayOptions, parse_event, parse_window
from pipeline.rolerl.replay.report import ReplayReport, run_replay
from pipeline.rolerl.replay.schedule import SCHEDULES


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m pipeline.rolerl.replay", description=__doc__)
    parser.add_argument("--outcomes", type=Path, required=True)
    parser.add_argument("--policy", default="default", help=", ".join(policy_names()))
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--schedule", choices=SCHEDULES, default="shuffle")
    parser.add_argument("--steps", type=int)
    parser.add_argument("--window", default="all", help="all or last:N")
    parser.add_argument("--baseline")
    parser.add_argument("--judge-cost-usd", type=float)
    parser.add_argument("--judge-model")
    parser.add_argument("--feedback-rate", type=float, default=0.0)
    parser.add_argument("--budget-usd", type=float)
    parser.add_argument("--slo-p95-s", type=float)
    parser.add_argument("--value-usd", type=float)
    parser.add_argument("--context", choices=("segment",))
    for kind in EVENT_KINDS:
        name = "--reprice" if kind == "reprice" else f"--{kind}-model"
        parser.add_argument(name, action="append", default=[], dest=kind)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--json", action="store_true")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run the replay and print its report; 2 and one line if the input is wrong."""
    given = _parser().parse_args(arguments)
    try:
        options = ReplayOptions(
            outcomes=given.outcomes,
            policy=given.policy,
            seeds=given.seeds,
            schedule=given.schedule,
            steps=given.steps,
            window=parse_window(given.window),
            baseline=given.baseline,
            judge_cost_usd=given.judge_cost_usd,
            judge_model=given.judge_model,
            feedback_rate=given.feedback_rate,
            budget_usd=given.budget_usd,
            slo_p95_s=given.slo_p95_s,
            value_usd=given.value_usd,
            jobs=given.jobs,
            context_segment=given.context == "segment",
            events=tuple(
                parse_event(kind, text) for kind in EVENT_KINDS for text in getattr(given, kind)
            ),
        )
        report = run_replay(options)
    except RolestreamError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    sys.stdout.write(report.as_json().decode() + "\n" if given.json else summary(report))
    return 0


def summary(report: ReplayReport) -> str:
    """The report's means as lines of text."""
    lines = [f"{report.policy} on {report.outcomes}, {report.seeds} seeds, {report.steps} steps"]
    lines += [f"  {name}: {value}" for name, value in report.means.items() if value is not None]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
