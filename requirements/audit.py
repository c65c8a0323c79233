"""Looks every locked package up in the vulnerability databases that can be reached from here.

Ends with status 1 if a package is known to be vulnerable, and with 2 if no database answered: what
could not be looked up is said, never taken for safe. ROLESTREAM_AUDIT=try makes the latter 0.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

LOCKS = ("run.lock", "dev.lock")
SERVICES = ("pypi", "osv")


def main() -> int:
    """Audit each lock with the first database that knows its packages."""
    worst = 0
    for lock in LOCKS:
        worst = max(worst, audited(Path(__file__).parent / lock))
    if worst == 2 and os.environ.get("ROLESTREAM_AUDIT") == "try":
        return 0
    return worst


def audited(lock: Path) -> int:
    """0 if nothing is known against its packages, 1 if something is, 2 if nobody could be asked."""
    for service in SERVICES:
        found = looked_up(lock, service)
        if found is None:
            continue
        known = [package for package in found if "skip_reason" not in package]
        if not known:
            continue
        vulnerable = [package for package in known if package["vulns"]]
        for package in vulnerable:
            names = ", ".join(fault["id"] for fault in package["vulns"])
            say(f"{lock.name}: {package['name']} {package['version']}: {names}")
        unknown = len(found) - len(known)
        say(f"{lock.name}: {len(known)} packages audited by {service}, {unknown} not known there")
        return 1 if vulnerable else 0
    say(f"{lock.name}: NOT AUDITED: neither {' nor '.join(SERVICES)} can be asked from here")
    return 2


def looked_up(lock: Path, service: str) -> list[dict[str, list[dict[str, str]]]] | None:
    """What pip-audit says of every package; None if the database does not answer."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        subprocess.run(  # noqa: S603 - our own command
            [
                *(sys.executable, "-m", "pip_audit", "--requirement", str(lock)),
                *("--require-hashes", "--disable-pip", "--vulnerability-service", service),
                *("--format", "json", "--output", str(report), "--progress-spinner", "off"),
            ],
            capture_output=True,
            check=False,
        )
        if not report.exists():
            return None
        packages: list[dict[str, list[dict[str, str]]]] = json.loads(report.read_text())[
            "dependencies"
        ]
        return packages


def say(line: str) -> None:
    """One line of the result."""
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())
