"""The configuration: file, environment, defaults; a mistake is one line that names its place."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.config import load_config
from pipeline.config.load import with_bootstrap_servers
from pipeline.errors import ConfigurationError

MINIMAL = '[kafka]\nbootstrap_servers = "broker:9092"\n'
FULL = (
    MINIMAL
    + """
partitions = 6
[domains]
enabled = ["news"]
[splitter]
window_sentences = 30
[policy]
name = "paper"
seed = 3
[[models]]
name = "small"
base_url = "http://localhost:8000/v1"
usd_per_million_input = 0.1
usd_per_million_output = 0.4
roles = ["topic_finder"]
"""
)
Write = Callable[[str], Path]


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def file(text: str) -> Path:
        path = tmp_path / "mine.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return file


def mistake(path: Path | None, environ: dict[str, str] | None = None) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load_config(path, environ or {})
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


class TestSources:
    def test_a_file_sets_what_it_names_and_defaults_the_rest(self, write: Write) -> None:
        config = load_config(write(FULL), {})
        assert (config.kafka.bootstrap_servers, config.kafka.partitions) == ("broker:9092", 6)
        assert config.domains.enabled == ("news",)
        assert config.splitter.window_sentences == 30
        assert config.splitter.window_sentences_unspaced == 120
        assert [model.name for model in config.models] == ["small"]

    def test_the_environment_overrides_the_file(self, write: Write) -> None:
        environ = {
            "ROLESTREAM__KAFKA__BOOTSTRAP_SERVERS": "other:9092",
            "ROLESTREAM__SPLITTER__MAX_AGE_S": "2.5",
            "UNRELATED": "x",
        }
        config = load_config(write(FULL), environ)
        assert config.kafka.bootstrap_servers == "other:9092"
        assert config.kafka.partitions == 6
        assert config.splitter.max_age_s == 2.5

    def test_the_environment_alone_is_enough(self) -> None:
        config = load_config(None, {"ROLESTREAM__KAFKA__BOOTSTRAP_SERVERS": "b:9092"})
        assert config.kafka.bootstrap_servers == "b:9092"

    def test_the_environment_may_name_the_file(self, write: Write) -> None:
        config = load_config(None, {"ROLESTREAM_CONFIG": str(write(FULL))})
        assert config.policy.seed == 3

    def test_a_file_in_this_folder_is_found(self, tmp_path: Path) -> None:
        (tmp_path / "rolestream.toml").write_text(MINIMAL, encoding="utf-8")
        assert load_config(None, {}).kafka.bootstrap_servers == "broker:9092"

    def test_the_named_file_wins_over_the_environment_s_and_over_this_folder_s(
        self, write: Write, tmp_path: Path
    ) -> None:
        (tmp_path / "rolestream.toml").write_text("broken", encoding="utf-8")
        config = load_config(write(MINIMAL), {"ROLESTREAM_CONFIG": "/nowhere.toml"})
        assert config.kafka.bootstrap_servers == "broker:9092"

    def test_another_cluster_can_be_given(self, write: Write) -> None:
        config = load_config(write(FULL), {})
        other = with_bootstrap_servers(config, "other:1")
        assert other.kafka.bootstrap_servers == "other:1"
        assert other.kafka.partitions == 6
        assert with_bootstrap_servers(config, None) == config


class TestMistakes:
    def test_no_configuration_at_all_says_what_to_do(self) -> None:
        line = mistake(None)
        assert "--config FILE" in line
        assert "ROLESTREAM_CONFIG" in line
        assert "ROLESTREAM__KAFKA__BOOTSTRAP_SERVERS" in line

    def test_a_file_that_is_not_there(self, tmp_path: Path) -> None:
        path = tmp_path / "absent.toml"
        assert mistake(path) == f"cannot read the configuration {path}: No such file or directory"

    def test_a_folder_instead_of_a_file(self, tmp_path: Path) -> None:
        assert "Is a directory" in mistake(tmp_path)

    def test_a_file_that_is_not_toml(self, write: Write) -> None:
        assert "mine.toml is not valid TOML: " in mistake(write("kafka: {}"))

    @pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
    def test_a_file_that_is_not_utf8(self, tmp_path: Path, encoding: str) -> None:
        path = tmp_path / "mine.toml"
        path.write_bytes((MINIMAL + "# é").encode(encoding))
        assert "mine.toml is not UTF-8 text" in mistake(path)

    @pytest.mark.parametrize(
        ("text", "where"),
        [
            ("[kafka]\n", "kafka.bootstrap_servers: Field required"),
            ('[kafka]\nbootstrap_servers = ""\n', "kafka.bootstrap_servers: "),
            ("kafka = 1\n", "kafka: "),
            (MINIMAL + "brokers = 1\n", "kafka.brokers: Extra inputs"),
            (MINIMAL + "[kafak]\n", "kafak: Extra inputs"),
            (MINIMAL + "partitions = 0\n", "kafka.partitions: "),
            (MINIMAL + "[splitter]\nmax_age_s = 0\n", "splitter.max_age_s: "),
            (MINIMAL + "[splitter]\nmax_age_s = nan\n", "splitter.max_age_s: "),
            (MINIMAL + "[splitter]\nmax_carry_share = 1.0\n", "splitter.max_carry_share: "),
            (MINIMAL + "[splitter]\nwindow_sentences = 2.5\n", "splitter.window_sentences: "),
            (MINIMAL + "[worker]\nin_flight = -1\n", "worker.in_flight: "),
            (MINIMAL + '[[models]]\nname = "m"\n', "models.0.base_url: Field required"),
            (FULL.replace("http://localhost", "localhost"), "models.0.base_url: "),
            (FULL.replace('"small"', '"a|b"'), "models.0.name: "),
            (FULL.replace("0.1", "-0.1"), "models.0.usd_per_million_input: "),
            (FULL.replace("0.1", "nan"), "models.0.usd_per_million_input: "),
            (FULL.replace("0.1", "inf"), "models.0.usd_per_million_input: "),
            (FULL + FULL[FULL.index("[[models]]") :], "the name 'small' is used twice"),
        ],
    )
    def test_the_file_and_the_key_are_named(self, write: Write, text: str, where: str) -> None:
        line = mistake(write(text))
        assert "mine.toml: " in line
        assert where in line

    def test_a_wrong_variable_is_named_not_the_file(self, write: Write) -> None:
        line = mistake(write(FULL), {"ROLESTREAM__KAFKA__PARTITIONS": "many"})
        assert line.startswith("ROLESTREAM__KAFKA__PARTITIONS: ")

    @pytest.mark.parametrize(
        "environ",
        [
            {"ROLESTREAM__KAFKA": "broker:9092"},
            {"ROLESTREAM__": "x"},
            {"ROLESTREAM__MODELS__0__NAME": "x"},
            {"ROLESTREAM__KAFKA__PARTITIONS__MORE": "1"},
            {"ROLESTREAM__NOTHING__OF": "1"},
        ],
    )
    def test_a_variable_that_names_nothing(self, write: Write, environ: dict[str, str]) -> None:
        assert next(iter(environ)) in mistake(write(FULL), environ)


def test_a_batch_size_is_no_judge_and_no_name(write: Write) -> None:
    with_batches = FULL + "batch_subjects = [0, 4]\n"
    assert load_config(write(with_batches), {}).models[0].batch_subjects == (0, 4)
    judged = with_batches + '[judging]\nmodels = ["small@4"]\n'
    assert "judging.models: 'small@4' is not declared" in mistake(write(judged))
    named = FULL.replace('name = "small"', 'name = "small@4"')
    assert "models.0.name" in mistake(write(named))


def test_a_worker_is_called_as_the_file_says_or_as_its_host(write: Write) -> None:
    for said, name in (("one", "one"), ("@host", socket.gethostname())):
        config = load_config(write(FULL + f'[worker]\ngroup_instance_id = "{said}"\n'), {})
        assert config.worker.instance == name
    assert load_config(write(FULL), {}).worker.instance is None
    wrong = write(FULL + '[worker]\ngroup_instance_id = "@elsewhere"\n')
    assert "worker.group_instance_id" in mistake(wrong)
