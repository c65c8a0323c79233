"""`rolestream demo`: the whole flow on the sample text, with live progress and a summary."""

import signal
import time
from pathlib import Path

import click
from rich.console import Console

from deploy.cli.failure import Failure, Mistake, told_plainly
from deploy.cli.stop_signals import Stopped, stop_signals
from deploy.demo.run import DemoOptions, run_demo

_EMBEDDED = "the embedded broker"


@click.command()
@click.option("--keep", is_flag=True, help="Leave everything running until Ctrl-C.")
@click.option("--bootstrap-servers", help=f"Use this Kafka cluster instead of {_EMBEDDED}.")
@click.option("--larger-models", is_flag=True, help="Add two larger models (a gigabyte, slow).")
@click.option(
    "--rate",
    type=click.FloatRange(min=0.1),
    default=120.0,
    show_default=True,
    help="Sentences a second that are sent, over all streams.",
)
@click.option("--feedback/--no-feedback", default=True, help="Send the labels as feedback.")
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Write figures there.")
def demo(
    keep: bool,
    bootstrap_servers: str | None,
    larger_models: bool,
    rate: float,
    feedback: bool,
    json_path: Path | None,
) -> None:
    """Run the whole flow on the sample text that ships with Rolestream."""
    options = DemoOptions(
        bootstrap_servers=bootstrap_servers,
        larger_models=larger_models,
        rate=rate,
        feedback=feedback,
        keep=keep,
        json_path=json_path,
    )
    try:
        with stop_signals(), told_plainly():
            complete = run_demo(options, Console(highlight=False), time.monotonic)
    except Stopped as stopped:
        raise SystemExit(0 if keep else stopped.exit_status) from None
    except (Mistake, Failure):
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        raise
    if not complete:
        raise Failure("not every sentence was accounted for in time; see the lines above")
