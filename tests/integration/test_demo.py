"""The demonstration as a user starts it: embedded broker, embedded models, one worker."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from schemas.roles import MODEL_ROLES

pytestmark = pytest.mark.embedded

LIMIT_S = 240


def test_the_demonstration_ends_by_itself_with_everything_accounted_for(tmp_path: Path) -> None:
    figures_path = tmp_path / "figures.json"
    done = subprocess.run(
        [sys.executable, "-m", "deploy.cli", "demo", "--json", str(figures_path)],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    figures = json.loads(figures_path.read_text(encoding="utf-8"))
    assert set(figures["sentences_in"]) == {"ecommerce", "news", "shorts"}
    assert figures["sentences_accounted"] == figures["sentences_in"]
    assert min(figures["sentences_in"].values()) >= 150
    assert figures["failed_windows"] == figures["dead_letters"] == 0
    assert {key.split("/")[0] for key in figures["records"]} == set(figures["sentences_in"])
    assert {(domain, role.value) for domain in figures["sentences_in"] for role in MODEL_ROLES} <= {
        tuple(key.split("|")) for key in figures["role_assignments"]
    }
    assert len(set(figures["role_assignments"].values())) > 1, "one model has every role"
    assert any(len(path) > 1 for path in figures["role_history"].values()), "nothing was learnt"
    assert len(figures["model_runs"]) >= 3
    assert figures["cost_usd"] > 0
    assert "summary" in done.stdout
    assert "live page at http://127.0.0.1:" in done.stdout
