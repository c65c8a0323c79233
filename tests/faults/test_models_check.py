"""`rolestream models check` against a real server, as its user runs it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.faults.endpoint import Endpoint


def check(endpoint: Endpoint, folder: Path, *arms: str, args: tuple[str, ...] = ()) -> Any:
    entries = "".join(
        f'[[models]]\nname = "{arm.split("|")[0]}"\nbase_url = "{endpoint.base_url}"\n'
        "usd_per_million_input = 1.0\nusd_per_million_output = 2.0\ntimeout_s = 1.0\n"
        + "".join(f"{line}\n" for line in arm.split("|")[1:])
        for arm in arms
    )
    config = folder / "rolestream.toml"
    config.write_text(f'[kafka]\nbootstrap_servers = "127.0.0.1:1"\n{entries}')
    return subprocess.run(
        [sys.executable, "-m", "deploy.cli", "models", "check", "--config", str(config), *args],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "THE_KEY": "sk-do-not-tell"},
    )


def test_a_sound_arm_is_measured_in_every_mode(endpoint: Endpoint, tmp_path: Path) -> None:
    done = check(endpoint, tmp_path, "oracle", args=("--json",))
    assert done.returncode == 0, done.stderr
    (seen,) = json.loads(done.stdout)
    assert seen["structured"] == ["json_schema", "json_object", "none"]
    assert (seen["reachable"], seen["key_accepted"], seen["model_known"]) == (True, True, True)
    assert (seen["streams"], seen["usage_reported"], seen["faults"]) == (True, True, [])
    assert 0.0 < seen["first_token_s"] <= seen["latency_s"]
    assert seen["cost_usd"] > 0.001


@pytest.mark.parametrize(
    ("arm", "said"),
    [
        ('unauthorized|api_key_env = "THE_KEY"', "environment variable THE_KEY"),
        ('oracle|api_key_env = "NOT_SET"', "NOT_SET with its API key is not set"),
        ("no-model", "no model 'no-model'"),
        ("hang", "no answer within 1 s"),
        ("http-500", "failed (500)"),
        ("schema-less", 'structured = "json_schema" does not work: json_object, none'),
        ('nowhere|base_url = "http://127.0.0.1:1/v1"', "cannot reach"),
    ],
)
def test_each_fault_is_one_clear_line(
    endpoint: Endpoint, tmp_path: Path, arm: str, said: str
) -> None:
    if arm.startswith("nowhere"):
        arm, endpoint = "nowhere", Endpoint(1, 1)
    done = check(endpoint, tmp_path, arm)
    assert done.returncode == 1, done.stderr
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("fault: ")]
    assert said in line
    assert "sk-do-not-tell" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_auto_takes_what_there_is(endpoint: Endpoint, tmp_path: Path) -> None:
    done = check(endpoint, tmp_path, 'formless|structured = "auto"', "hang", args=("formless",))
    assert done.returncode == 0, done.stdout
    assert "structured output by none (declared: auto)" in done.stdout


def test_an_unknown_name_is_a_mistake(endpoint: Endpoint, tmp_path: Path) -> None:
    done = check(endpoint, tmp_path, "oracle", args=("orakel",))
    assert done.returncode == 2
    assert "there is no arm 'orakel'; declared are oracle" in done.stderr
