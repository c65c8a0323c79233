"""How an evaluation shows itself: progress while it runs, figures at the end, lines beside them."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from deploy.cli.visible_text import visible_line

_LONGEST_NOTE = 1000


def note(line: str) -> None:
    """One line on standard error."""
    click.echo(visible_line(line)[:_LONGEST_NOTE], err=True)


def as_json(told: Mapping[str, Mapping[str, Any]]) -> str:
    """The figures: the object itself for one row, `{"arms": {...}}` for several."""
    return json.dumps(next(iter(told.values())) if len(told) == 1 else {"arms": told})


@contextmanager
def progress(
    names: Sequence[str], steps: int, silent: bool
) -> Iterator[dict[str, Callable[[], None]]]:
    """A bar for each name; yields what moves each on by one of its `steps`."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True, quiet=silent)
    with Progress(*columns, TimeElapsedColumn(), console=console, disable=silent) as bar:

        def advancing(name: str) -> Callable[[], None]:
            task = bar.add_task(escape(name), total=steps)
            return lambda: bar.advance(task)

        yield {name: advancing(name) for name in names}


def windows_summary(told: Mapping[str, Mapping[str, Any]]) -> str:
    """The figures of gold windows in words."""
    lines = []
    for name, blocks in told.items():
        subjects, sentences, categories = (
            blocks[key] for key in ("subjects", "sentences", "categories")
        )
        lines += [
            name,
            f"  subjects   P {subjects['precision']:.2f}  R {subjects['recall']:.2f}  "
            f"F1 {subjects['f1']:.2f}  IoU {subjects['mean_iou']:.2f}",
            f"  sentences  P {sentences['precision']:.2f}  R {sentences['recall']:.2f}  "
            f"F1 {sentences['f1']:.2f}",
            f"  categories micro F1 {categories['micro_f1']:.2f} "
            f"(with also {categories['micro_f1_also']:.2f})  "
            f"macro F1 {categories['macro_f1']:.2f}  R {categories['recall']:.2f}",
            f"  ${blocks['cost_usd']:.6f}, {blocks['runs']} runs, a window takes "
            f"{blocks['latency_p50_s']:.2f} s (p95 {blocks['latency_p95_s']:.2f} s)",
        ]
    return "\n".join(lines)


def sentences_summary(told: Mapping[str, Mapping[str, Any]]) -> str:
    """The figures of labelled sentences in words."""
    lines = []
    for name, figures in told.items():
        lines.append(
            f"{name}: accuracy {figures['accuracy']:.3f}, macro F1 {figures['macro_f1']:.3f}, "
            f"{figures['sentences']} sentences, p50 {figures['latency_p50_s'] * 1000:.0f} ms"
        )
        for label, answers in figures["confusion"].items():
            said = ", ".join(f"{answer} {count}" for answer, count in answers.items())
            lines.append(f"  {label}: {said}")
    return "\n".join(lines)
