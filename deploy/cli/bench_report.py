"""The form in which every bench reports: what, where, with which versions, and rows of figures."""

import json
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

OURS = "rolestream"

Row = Mapping[str, str | int | float | None]
"""`system`, then the parameters, then the figures; `system` is OURS for Rolestream."""


@dataclass(frozen=True)
class BenchReport:
    """One run of one bench."""

    bench: str
    rows: Sequence[Row]
    packages: Iterable[str] = ()

    def as_json(self) -> str:
        """The report for machines."""
        return json.dumps(
            {
                "bench": self.bench,
                "machine": machine(),
                "versions": versions((OURS, *self.packages)),
                "rows": [dict(row) for row in self.rows],
            }
        )


def machine() -> dict[str, Any]:
    """The machine that the figures are of, and how busy it was."""
    return {
        "system": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "load_1min": round(os.getloadavg()[0], 2),
    }


def versions(packages: Iterable[str]) -> dict[str, str | None]:
    """Installed versions, Python's first; None for a package that is not there."""
    found: dict[str, str | None] = {"python": platform.python_version()}
    for name in packages:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return found


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor())
