"""`policy replay --from-rewards` as a command, on a file of reward events."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from deploy.cli.reward_events import read_from_file
from schemas.codec import encode
from schemas.rewards import QualitySource, RewardEvent, RunKind
from schemas.roles import MODEL_ROLES
from tests.unit.pipeline.decisions.test_ledger import event

START = datetime(2026, 1, 1, tzinfo=UTC)
CHANCES = {"cheap": 0.6, "dear": 0.4}
RIGHT = {"cheap": 0.5, "dear": 0.9}
DECISIONS = 500


def simulated() -> Iterator[RewardEvent]:
    rng = Random(1)
    for number in range(DECISIONS):
        (model,) = rng.choices(list(CHANCES), weights=list(CHANCES.values()))
        yield event(
            decision_id=f"d{number}",
            role=MODEL_ROLES[number % 2],
            model=model,
            kind=RunKind.INCUMBENT if model == "cheap" else RunKind.CHALLENGER,
            propensity=CHANCES[model],
            policy="thompson",
            quality=float(rng.random() < RIGHT[model]),
            quality_source=QualitySource.JUDGE,
            cost_usd=0.001 if model == "cheap" else 0.01,
            at=START + timedelta(seconds=number),
        )


def written(path: Path, events: list[RewardEvent]) -> Path:
    path.write_bytes(b"\n".join(map(encode, events)))
    return path


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return written(tmp_path / "log.jsonl", list(simulated()))


def command(*arguments: str, exit_status: int = 0) -> tuple[str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "deploy.cli", "policy", "replay", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == exit_status, done.stdout + done.stderr
    return done.stdout, done.stderr


def test_another_policy_is_estimated_with_intervals(log: Path) -> None:
    told, errors = command("--from-rewards", str(log), "--policy", "fixed:dear", "--json")
    assert errors == ""
    report: dict[str, Any] = json.loads(told)
    assert (report["decisions"], report["logged_policies"]) == (DECISIONS, ["thompson"])
    assert report["warning"] is None
    assert 100 < report["effective_sample_size"] < 300
    for found in report["estimates"]["quality"].values():
        assert found["low"] < found["mean"] < found["high"]
    for name in ("doubly_robust", "inverse_propensity", "self_normalised"):
        found = report["estimates"]["quality"][name]
        assert found["low"] <= RIGHT["dear"] <= found["high"]
    own = report["estimates"]["quality"]["logged"]
    assert own["low"] <= 0.6 * 0.5 + 0.4 * 0.9 <= own["high"]


def test_people_get_a_table_and_a_warning(log: Path) -> None:
    told, _ = command("--from-rewards", str(log), "--policy", "default")
    assert "doubly robust" in told
    few = written(log.with_name("few.jsonl"), list(simulated())[:40])
    told, _ = command("--from-rewards", str(few), "--policy", "fixed:dear")
    assert "too little overlap" in told


def test_repetitions_count_once_and_late_news_is_merged(log: Path) -> None:
    events = list(simulated())
    late = events[0].model_copy(
        update={"late": True, "quality": 0.25, "quality_source": QualitySource.GOLD}
    )
    path = written(log, [*events, *events[:50], late, late])
    assert len(read_from_file(path).events) == DECISIONS + 1
    told, _ = command("--from-rewards", str(path), "--policy", "fixed", "--json")
    assert json.loads(told)["decisions"] == DECISIONS


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"propensity": None}, "no propensity"),
        ({"propensity": 0.0}, "propensity 0"),
        ({"model": 7}, "model"),
        ({"late": True}, "no decisions"),
    ],
)
def test_a_log_that_cannot_be_used_is_told_in_one_line(
    tmp_path: Path, change: dict[str, Any], line: str
) -> None:
    given = json.loads(encode(next(simulated()))) | change
    path = tmp_path / "bad.jsonl"
    path.write_text(json.dumps(given), encoding="utf-8")
    _, errors = command("--from-rewards", str(path), exit_status=2)
    assert len(errors.strip().splitlines()) == 1
    assert line in errors


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ([], "--outcomes FILE or --from-rewards"),
        (["--from-rewards", "none.jsonl"], "cannot read none.jsonl"),
        (["--from-rewards", "LOG", "--steps", "3"], "--steps goes with --outcomes"),
        (["--from-rewards", "LOG", "--policy", "wise"], "'wise' is not known"),
        (["--from-rewards", "LOG", "--outcomes", "o"], "one of them"),
    ],
)
def test_mistakes_are_told(log: Path, arguments: list[str], line: str) -> None:
    given = [str(log) if argument == "LOG" else argument for argument in arguments]
    _, errors = command(*given, exit_status=2)
    assert line in errors
