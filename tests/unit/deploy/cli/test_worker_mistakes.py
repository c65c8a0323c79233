"""A worker that is set up wrong says so in one clear line and ends with status 2."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from deploy.cli.worker import worker

KAFKA = '[kafka]\nbootstrap_servers = "127.0.0.1:1"\n'
MODEL = (
    '[[models]]\nname = "m"\nbase_url = "http://127.0.0.1:1/v1"\n'
    "usd_per_million_input = 1\nusd_per_million_output = 1\n"
)


def told(tmp_path: Path, text: str | None, *arguments: str) -> str:
    path = tmp_path / "rolestream.toml"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    result = CliRunner().invoke(
        worker, ["--config", str(path), "--no-create-topics", *arguments], catch_exceptions=False
    )
    assert result.exit_code == 2, result.output
    (line,) = [line for line in result.output.splitlines() if line.startswith("Error: ")]
    return line


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "cannot read the configuration"),
        ("not toml [", "not valid TOML"),
        ("[splitter]\nmax_age_s = 3\n", "no configuration"),
        ("[kafka]\n", "kafka.bootstrap_servers"),
        (KAFKA + "[kafka2]\n", "kafka2"),
        (KAFKA + "[splitter]\nmax_age_s = -1\n", "splitter.max_age_s"),
        (KAFKA + "[splitter]\nwindow_sentence = 5\n", "splitter.window_sentence"),
        (KAFKA, "no models"),
        (KAFKA + MODEL + MODEL, "used twice"),
        (KAFKA + MODEL + 'api_key_env = "NO_SUCH_KEY_HERE"\n', "NO_SUCH_KEY_HERE"),
        (KAFKA + MODEL.replace("http:", "ftp:"), "models.0.base_url"),
        (KAFKA + MODEL + '[domains]\nenabled = ["gardening"]\n', "unknown domain 'gardening'"),
        (KAFKA + MODEL + '[domains]\nfiles = ["nowhere.toml"]\n', "nowhere.toml"),
        (KAFKA + MODEL + '[policy]\nname = "clairvoyant"\n', "clairvoyant"),
        (
            '[kafka]\nbootstrap_servers = "x:1"\nsecurity_protocol = "SASL_SSL"\n' + MODEL,
            "sasl_password",
        ),
    ],
)
def test_one_clear_line(tmp_path: Path, text: str | None, said: str) -> None:
    assert said in told(tmp_path, text)


def test_an_unknown_role_is_named_with_the_known_ones(tmp_path: Path) -> None:
    line = told(tmp_path, KAFKA + MODEL, "--roles", "topic-finder,poet")
    assert "'poet'" in line
    assert "content-organizer" in line


def test_a_domain_file_with_a_fault_names_file_and_key(tmp_path: Path) -> None:
    file = tmp_path / "bad.toml"
    file.write_text('name = "bad"\nlanguages = ["en"]\n[subject]\nnoun = {}\n', encoding="utf-8")
    line = told(tmp_path, KAFKA + MODEL + f'[domains]\nfiles = ["{file}"]\n')
    assert str(file) in line
    assert "categories" in line


def test_a_password_never_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROKER_PASSWORD", "hunter2-secret")
    text = (
        '[kafka]\nbootstrap_servers = "x:1"\nsecurity_protocol = "SASL_SSL"\n'
        'sasl_password_env = "BROKER_PASSWORD"\nssl_ca_file = "/no/such/file"\n'
    )
    assert "hunter2" not in told(tmp_path, text)
