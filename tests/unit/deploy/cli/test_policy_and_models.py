"""`policy` and `models` on the command line, as far as no broker is needed."""

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from deploy.cli.declarations import read_declarations
from deploy.cli.models import models
from deploy.cli.policy import policy
from pipeline.errors import ConfigurationError

CONFIG = """
[kafka]
bootstrap_servers = "127.0.0.1:1"
[[models]]
name = "a"
base_url = "http://127.0.0.1:1/v1"
usd_per_million_input = 1
usd_per_million_output = 2
"""
ENTRY = """
name = "b"
base_url = "https://example.org/v1"
usd_per_million_input = 0.5
usd_per_million_output = 1.5
roles = ["topic-finder", "judge"]
"""
PLACE_AND_PRICE = ["--base-url", "http://x", "--input", "1", "--output", "1"]
REPLAY_KEYS = [
    "policy", "outcomes", "seeds", "steps", "window", "baseline", "quality_mean", "success_share",
    "saved_kept", "saved_paid", "saved_all_in", "saved_vs_cheapest_adequate", "latency_p50_s",
    "latency_p95_s", "runs_per_decision", "judgments_per_decision", "regret_mean",
    "slo_violation_share", "budget_overshoot", "per_role", "per_seed",
]  # fmt: skip


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("agents.reachability.CONNECT_TIMEOUT_S", 0.3)
    Path("rolestream.toml").write_text(CONFIG, encoding="utf-8")


def run(command: click.Command, *arguments: str, exit_status: int = 0) -> str:
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == exit_status, result.output
    return result.output


def told(command: click.Command, *arguments: str) -> str:
    (line,) = run(command, *arguments, exit_status=2).strip().splitlines()[-1:]
    return line


class TestDeclarations:
    def test_a_file_declares_one_arm_or_several(self) -> None:
        Path("one.toml").write_text(ENTRY, encoding="utf-8")
        Path("two.toml").write_text(
            f"[[models]]{ENTRY}[[models]]{ENTRY.replace('b', 'c', 1)}", encoding="utf-8"
        )
        (one,) = read_declarations(Path("one.toml"))
        assert one.roles == ("topic_finder", "judge")
        assert len(read_declarations(Path("two.toml"))) == 2

    @pytest.mark.parametrize(
        ("text", "line"),
        [
            ("name = ", "not valid TOML"),
            ("models = 7", "[[models]]"),
            ('name = "b"', "base_url"),
            (ENTRY + 'api_key = "hush"', "api_key: Extra inputs"),
            (ENTRY.replace("judge", "typist"), "there is no role 'typist'"),
        ],
    )
    def test_what_is_wrong_is_named(self, text: str, line: str) -> None:
        Path("bad.toml").write_text(text, encoding="utf-8")
        with pytest.raises(ConfigurationError) as caught:
            read_declarations(Path("bad.toml"))
        assert line in str(caught.value)
        assert "hush" not in str(caught.value)

    @pytest.mark.parametrize(
        ("arguments", "line"),
        [
            ([], "give a FILE"),
            (["none.toml"], "cannot read none.toml"),
            (["one.toml", "--name", "x"], "not both"),
            (["--name", "x", "--base-url", "ftp://x"], "base_url"),
            (["--name", "x@4", "--base-url", "http://x"], 'leave out "@4"'),
            (
                ["--name", "x", *PLACE_AND_PRICE, "--batch-subjects", "0,x"],
                "batch_subjects",
            ),
        ],
    )
    def test_mistakes_of_add_are_told_before_a_broker_is_asked(
        self, arguments: list[str], line: str
    ) -> None:
        Path("one.toml").write_text(ENTRY, encoding="utf-8")
        assert line in told(models, "add", *arguments)


class TestWithoutBroker:
    def test_the_configuration_is_listed_all_the_same(self) -> None:
        result = CliRunner().invoke(models, ["list", "--json"])
        assert result.exit_code == 0
        (item,) = json.loads(result.stdout)
        assert (item["name"], item["origin"]) == ("a", "configured")
        assert "not shown" in result.stderr

    def test_batch_sizes_are_listed_as_arms(self) -> None:
        Path("rolestream.toml").write_text(CONFIG + "batch_subjects = [0, 4, 1]", "utf-8")
        listed = json.loads(CliRunner().invoke(models, ["list", "--json"]).stdout)
        assert [item["name"] for item in listed] == ["a", "a@4", "a@1"]
        assert listed[1]["roles"] == ["topic_locator", "content_organizer"]
        assert ", batches of 4, configured" in run(models, "list")

    @pytest.mark.parametrize(
        "arguments",
        [
            ["show"],
            ["freeze"],
            ["explain", "--domain", "news", "--role", "topic-finder"],
            ["rollback", "3", "--domain", "news", "--role", "topic-finder"],
        ],
    )
    def test_a_policy_command_says_that_nobody_answers(self, arguments: list[str]) -> None:
        assert "no Kafka broker answers at 127.0.0.1:1" in told(policy, *arguments)

    @pytest.mark.parametrize(
        ("domain", "role", "line"),
        [
            ("nowhere", "topic-finder", "there is no domain 'nowhere'"),
            ("news", "typist", "no model plays a role 'typist'"),
        ],
    )
    def test_unknown_names_are_told_before_a_broker_is_asked(
        self, domain: str, role: str, line: str
    ) -> None:
        assert line in told(policy, "explain", "--domain", domain, "--role", role)


class TestReplay:
    def outcomes(self) -> str:
        rows = [
            {
                "item": f"i{n}", "role": "topic_finder", "segment": "s", "model": model,
                "quality": quality, "success": quality > 0.5, "cost_usd": cost, "latency_s": 1.0,
            }
            for n in range(20)
            for model, quality, cost in (("cheap", 0.9, 0.1), ("dear", 1.0, 1.0))
        ]  # fmt: skip
        Path("o.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
        return "o.jsonl"

    def test_the_report_has_its_keys(self) -> None:
        options = (
            f"--outcomes {self.outcomes()} --policy fixed:dear --seeds 2 --steps 30 --json "
            "--window last:10 --judge-cost-usd 0.01 --drop-model cheap@20 --reprice dear=2@5"
        )
        report = json.loads(run(policy, "replay", *options.split()))
        assert list(report) == REPLAY_KEYS
        assert (report["seeds"], report["steps"], report["window"]) == (2, 30, "last:10")
        assert report["quality_mean"] == 1.0
        assert "saved_all_in" in run(policy, "replay", "--outcomes", "o.jsonl", "--policy", "fixed")

    @pytest.mark.parametrize(
        ("arguments", "line"),
        [
            (["--outcomes", "none.jsonl"], "cannot read none.jsonl"),
            (["--outcomes", "o.jsonl", "--policy", "wise"], "'wise' is not known"),
            (["--outcomes", "o.jsonl", "--window", "x"], "last:N"),
            (["--outcomes", "o.jsonl", "--break-model", "cheap"], "MODEL@STEP"),
            (["--outcomes", "o.jsonl", "--baseline", "nobody"], "nobody"),
        ],
    )
    def test_mistakes_are_told_in_one_line(self, arguments: list[str], line: str) -> None:
        self.outcomes()
        assert line in told(policy, "replay", *arguments)
