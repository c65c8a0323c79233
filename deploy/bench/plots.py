"""Draws a bench's rows as an SVG; needs matplotlib, which nothing else does.

Run as `python -m deploy.bench.plots REPORT.json... --into FOLDER`; reports of one bench are drawn
together.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from schemas.roles import Role

Row = dict[str, Any]


def inflight(axes: Any, rows: Sequence[Row]) -> None:
    """Calls a second over calls in flight, with the limit K/L."""
    for latency_s in sorted({row["latency_s"] for row in rows}):
        lines = defaultdict(list)
        for row in rows:
            if row["latency_s"] == latency_s and row["workers"] == 1:
                lines[row["system"]].append((row["k"], row["calls_per_s"]))
        for system, points in lines.items():
            label = f"{system}, {1000 * latency_s:g} ms"
            axes.plot(*zip(*sorted(points), strict=True), marker="o", label=label)
        ks = sorted({row["k"] for row in rows})
        axes.plot(ks, [k / latency_s for k in ks], ":", color="grey")
    axes.set(xscale="log", yscale="log", xlabel="K, calls in flight", ylabel="calls/s; dotted: K/L")
    axes.legend(fontsize=7)


def latency(axes: Any, rows: Sequence[Row]) -> None:
    """Milliseconds of each hop."""
    names = [role.slug for role in Role]
    for part, colour in (("p99", "lightgrey"), ("p50", "steelblue")):
        values = [1000 * rows[-1][f"{role.value}_{part}_s"] for role in Role]
        axes.barh(names, values, color=colour, label=part)
    axes.invert_yaxis()
    axes.set(xlabel="ms, models aside")
    axes.legend()


def ingest(axes: Any, rows: Sequence[Row]) -> None:
    """Messages a second of each system."""
    axes.barh([row["system"] for row in rows], [row["sentences_per_s"] for row in rows])
    axes.invert_yaxis()
    axes.set(xlabel="sentences/s")


def streams(axes: Any, rows: Sequence[Row]) -> None:
    """Memory and recovery over open streams."""
    counts = [row["streams"] for row in rows]
    axes.plot(counts, [row["rss_mb"] for row in rows], marker="o")
    axes.set(xscale="log", xlabel="open streams", ylabel="RSS, MB")
    other = axes.twinx()
    other.plot(counts, [row["recovery_s"] for row in rows], marker="s", color="darkred")
    other.set(ylabel="first output after SIGKILL, s (red)", ylim=(0, None))


def growth(axes: Any, rows: Sequence[Row]) -> None:
    """Processor time that one window more costs, over what grows; bars: least to most."""
    lines = defaultdict(list)
    for row in rows:
        lines[row["grows"]].append(row)
    for what, found in lines.items():
        ordered = sorted(found, key=lambda row: int(row["size"]))
        costs = [row["cpu_ms_per_window"] for row in ordered]
        bars = [
            [
                abs(row[f"cpu_ms_per_window_{end}"] - cost)
                for row, cost in zip(ordered, costs, strict=True)
            ]
            for end in ("least", "most")
        ]
        calls = [row["calls_per_window"] for row in ordered]
        label = f"{what}, {min(calls):.0f} calls a window"
        if max(calls) - min(calls) > 1:
            label = f"{what}, {calls[0]:.0f} to {calls[-1]:.0f} calls a window"
        sizes = [row["size"] for row in ordered]
        axes.errorbar(sizes, costs, yerr=bars, marker="o", capsize=3, label=label)
    axes.set(xscale="log", xlabel="how many", ylabel="CPU ms a window", ylim=(0, None))
    axes.legend(fontsize=8)


def policy(axes: Any, rows: Sequence[Row]) -> None:
    """Microseconds of a decision and an update of each policy."""
    names = [row["policy"] for row in rows]
    for name, colour in (("update_median_s", "lightgrey"), ("decision_median_s", "steelblue")):
        axes.barh(names, [1e6 * row[name] for row in rows], color=colour, label=name)
    axes.set(xscale="log", xlabel="us, medians")
    axes.legend()


DRAWN: dict[str, Callable[[Any, Sequence[Row]], None]] = {
    draw.__name__: draw for draw in (inflight, latency, ingest, streams, growth, policy)
}


def main() -> None:
    """Draw every bench that the reports hold."""
    from matplotlib.figure import Figure

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("reports", nargs="+", type=Path)
    parser.add_argument("--into", type=Path, required=True)
    options = parser.parse_args()
    rows: defaultdict[str, list[Row]] = defaultdict(list)
    for path in options.reports:
        report = json.loads(path.read_text(encoding="utf-8"))
        rows[report["bench"]] += report["rows"]
    options.into.mkdir(parents=True, exist_ok=True)
    for bench, found in rows.items():
        figure = Figure(figsize=(7, 4), layout="constrained")
        axes = figure.add_subplot()
        DRAWN[bench](axes, found)
        axes.set_title(f"rolestream bench {bench}")
        figure.savefig(options.into / f"{bench}.svg")


if __name__ == "__main__":
    main()
