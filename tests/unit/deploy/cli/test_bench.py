"""`rolestream bench`: one form of report, all policies and peers in the same run."""

import json
from itertools import count

import click
import pytest
from click.testing import CliRunner, Result

from deploy.cli.bench import bench
from deploy.cli.bench_report import versions
from pipeline.errors import ConfigurationError
from pipeline.rolerl import bench as timing
from pipeline.rolerl.policies import peers
from pipeline.rolerl.registry import policy_names

SHORT = ("--windows", "10", "--json")


def run(*arguments: str, exit_status: int = 0) -> Result:
    result = CliRunner().invoke(bench, ["policy", *arguments])
    assert result.exit_code == exit_status, result.output
    return result


def rows(result: Result) -> list[dict[str, object]]:
    found = json.loads(result.stdout)
    assert list(found) == ["bench", "machine", "versions", "rows"]
    assert found["bench"] == "policy"
    assert found["versions"]["rolestream"]
    assert found["machine"]["cores"] >= 1
    listed: list[dict[str, object]] = found["rows"]
    return listed


def test_every_policy_and_every_peer_is_timed_in_one_run() -> None:
    found = rows(run(*SHORT))
    assert [row["policy"] for row in found] == list(policy_names())
    systems = {str(row["policy"]): row["system"] for row in found}
    assert systems["default"] == "rolestream"
    assert systems["peer:river-ucb"] == "river"
    for row in found:
        assert (row["arms"], row["roles"], row["domains"]) == (12, 6, 4)
        for name in ("decision_median_s", "update_median_s", "events_per_s"):
            assert float(str(row[name])) > 0.0


def test_a_missing_peer_is_told_of_and_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(module: str, package: str) -> None:
        raise ConfigurationError(f"this policy needs {package}; install it with: pip install it")

    monkeypatch.setattr(peers, "_library", missing)
    result = run("--windows", "10", "--json")
    assert not any(str(row["policy"]).startswith("peer:") for row in rows(result))
    assert result.stderr.count("is left out: this policy needs") == 3
    named = run("--policy", "peer:river-ucb", "--json", exit_status=2)
    assert named.stderr.strip().endswith("pip install it")


def test_people_get_a_table() -> None:
    assert "fixed" in run("--policy", "fixed", "--windows", "10").stdout
    assert "'wise' is not known" in run("--policy", "wise", exit_status=2).stderr


def test_the_clock_s_ticks_are_what_is_told() -> None:
    ticks = count()
    speed = timing.bench_policy("fixed", lambda: float(next(ticks)), windows=10)
    assert (speed.decision_median_s, speed.update_median_s) == (1.0, 1.0)
    assert speed.decisions == 30
    assert speed.closed_loop_events_per_s == 0.5
    assert speed.events_per_s == 300.0


def test_benches_are_one_group() -> None:
    assert isinstance(bench, click.Group)
    assert versions(["surely-not-installed"])["surely-not-installed"] is None
