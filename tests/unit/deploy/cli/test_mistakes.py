"""Mistakes of the user: one line, exit status 2, no traceback, no waiting for a broker."""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from deploy.cli.cluster import kafka_settings
from deploy.cli.consume import consume
from deploy.cli.produce import produce
from pipeline.errors import ConfigurationError

NOWHERE = ["--bootstrap-servers", "127.0.0.1:1"]


@pytest.fixture(autouse=True)
def _no_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ROLESTREAM_CONFIG", raising=False)
    monkeypatch.delenv("ROLESTREAM__KAFKA__BOOTSTRAP_SERVERS", raising=False)
    Path("talk.txt").write_text("Hello.", encoding="utf-8")
    Path("talk.jsonl").write_text('{"stream_id":"s","seq":1,"text":"t"}', encoding="utf-8")


def told(command: click.Command, *arguments: str) -> str:
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 2, result.output
    assert isinstance(result.exception, SystemExit)
    *_, last = result.output.strip().splitlines()
    return last


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["none.txt", "--domain", "d", "--stream", "s"], "cannot read none.txt: No such file"),
        ([".", "--domain", "d", "--stream", "s"], "cannot read .: Is a directory"),
        (["talk.txt", "--domain", "D d", "--stream", "s"], "lower-case letters"),
        (["talk.txt", "--domain", "d", "--stream", ""], "1 to 200"),
        (["talk.txt", "--domain", "d", "--stream", "s", "--lang", "english please"], "--lang"),
        (["talk.txt", "--domain", "d", "--stream", "s", "--rate", "0"], "--rate"),
        (["talk.txt", "--domain", "d", "--stream", "s", "--format", "pdf"], "--format"),
        (["talk.txt", "--domain", "d", "--stream", "s", "--append", "--no-resume"], "--no-resume"),
        (["talk.jsonl", "--domain", "d", "--append"], "own seq"),
        (["talk.txt", "--domain", "d"], "--stream"),
        (["talk.txt"], "--domain"),
    ],
)
def test_produce(arguments: list[str], line: str) -> None:
    assert line in told(produce, *arguments, *NOWHERE)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--domain", "d", "--from-end"], "--follow"),
        (["--domain", "../d"], "lower-case letters"),
        ([], "--domain"),
    ],
)
def test_consume(arguments: list[str], line: str) -> None:
    assert line in told(consume, *arguments, *NOWHERE)


def test_without_any_configuration_the_way_to_give_one_is_told() -> None:
    assert "ROLESTREAM_CONFIG" in told(consume, "--domain", "d")
    assert "cannot read the configuration none.toml" in told(
        produce, "talk.txt", "--domain", "d", "--stream", "s", "--config", "none.toml"
    )


def test_settings_come_from_the_file_with_the_servers_of_the_option_on_top() -> None:
    Path("my.toml").write_text(
        '[kafka]\nbootstrap_servers = "a:1"\nsecurity_protocol = "SSL"\n', encoding="utf-8"
    )
    assert kafka_settings(None, Path("my.toml")).bootstrap_servers == "a:1"
    both = kafka_settings("b:2", Path("my.toml"))
    assert (both.bootstrap_servers, both.security_protocol) == ("b:2", "SSL")
    assert kafka_settings("b:2", None).bootstrap_servers == "b:2"
    with pytest.raises(ConfigurationError):
        kafka_settings(None, None)
