"""`rolestream eval` as its user meets it: figures for good input, a line for bad."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from deploy.brokers.process import free_ports, port_answers
from deploy.cli.eval_rows import rows_of
from deploy.cli.main import main
from pipeline.config import ModelSettings
from pipeline.errors import ConfigurationError
from schemas.roles import MODEL_ROLES, Role
from tests.flow import until
from tests.scripted.text import marked

TEXTS = [
    *(marked("lamp", ["opening"], f"the lamp {n}") for n in range(3)),
    *(marked("lamp", ["price_discussion"], f"it costs {n}") for n in range(3)),
    "well well",
]
KEYS = [
    *("subjects", "sentences", "categories"),
    *("cost_usd", "latency_p50_s", "latency_p95_s", "runs", "per_language", "per_window"),
]


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    port = free_ports(1)[0]
    process = subprocess.Popen([sys.executable, "-m", "tests.scripted.server", "--port", str(port)])
    try:
        until(lambda: port_answers(port), 30)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    (tmp_path / "gold").mkdir()
    (tmp_path / "text" / "en").mkdir(parents=True)
    lines = [json.dumps({"id": 10 * n, "text": text}) for n, text in enumerate(TEXTS)]
    (tmp_path / "text" / "en" / "shop.jsonl").write_text("\n".join(lines), encoding="utf-8")
    ids = [10 * n for n in range(len(TEXTS))]
    categories = ["opening"] * 3 + ["price_discussion"] * 3 + ["other"]
    gold = {
        "lang": "en",
        "stream": "shop",
        "sentence_ids": ids,
        "topics": [{"name": "the lamp", "first_id": 0, "last_id": 50, "sentence_ids": ids[:6]}],
        "labels": [
            {"id": i, "category": category, "also": []}
            for i, category in zip(ids, categories, strict=True)
        ],
    }
    (tmp_path / "gold" / "shop-0.json").write_text(json.dumps(gold), encoding="utf-8")
    return tmp_path


def config(folder: Path, endpoint: str, *names: str) -> Path:
    entries = "".join(
        f'[[models]]\nname = "{name}"\nbase_url = "{endpoint}"\nmax_retries = 0\n'
        f"usd_per_million_input = {price}\nusd_per_million_output = {price}\n"
        for price, name in enumerate(names, start=1)
    )
    path = folder / "rolestream.toml"
    path.write_text(f'[kafka]\nbootstrap_servers = "none:0"\n{entries}', encoding="utf-8")
    return path


def run(folder: Path, *options: object) -> Result:
    given = ["--gold", folder / "gold", "--text", folder / "text", *options]
    return CliRunner().invoke(main, ["eval", *map(str, given)])


def told(result: Result) -> Any:
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def test_one_arm_is_the_object_itself(folders: Path, endpoint: str) -> None:
    path = config(folders, endpoint, "oracle")
    figures = told(run(folders, "--config", path, "--arms", "oracle", "--json"))
    assert list(figures) == KEYS
    assert figures["categories"] == dict.fromkeys(figures["categories"], 1.0)
    assert figures["subjects"]["f1"] == figures["sentences"]["f1"] == 1.0
    assert figures["runs"] == 3
    assert figures["cost_usd"] > 0
    assert figures["per_window"][0]["window"] == "shop-0"


def test_several_arms_are_an_object_each(folders: Path, endpoint: str) -> None:
    path = config(folders, endpoint, "oracle", "mistaken", "garbage")
    result = run(folders, "--config", path, "--json")
    arms = told(result)["arms"]
    assert list(arms) == ["oracle", "mistaken", "garbage"]
    f1 = [arms[name]["categories"]["micro_f1"] for name in arms]
    assert f1 == [1.0, 0.0, 0.0]
    assert "garbage: shop-0: topic_finder: no arm gave an acceptable answer" in result.stderr


def test_a_mix_by_role(folders: Path, endpoint: str) -> None:
    path = config(folders, endpoint, "oracle", "mistaken")
    mix = (
        "topic_finder=mistaken,topic-locator=oracle,relationship_checker=oracle,"
        "content_organizer=oracle"
    )
    assert told(run(folders, "--config", path, "--arms", mix, "--json"))["sentences"]["f1"] == 1.0


def test_the_best_arm_of_each_role_is_found(folders: Path, endpoint: str) -> None:
    path = config(folders, endpoint, "mistaken", "oracle", "garbage")
    result = run(folders, "--config", path, "--arms", "best", "--json")
    assert told(result)["categories"]["micro_f1"] == 1.0
    assert "content_organizer: oracle" in result.stderr


def test_a_policy_over_the_pool_with_people_and_passes(folders: Path, endpoint: str) -> None:
    path = config(folders, endpoint, "oracle", "garbage")
    options = ["--config", path, "--policy", "default", "--passes", 4, "--feedback-rate", 1]
    figures = told(run(folders, *options, "--json"))
    assert list(figures) == KEYS
    assert [window["pass"] for window in figures["per_window"]] == [1, 2, 3, 4]
    assert figures["sentences"]["f1"] == 1.0
    assert figures["runs"] > 3 * 4


def test_the_report_is_written(folders: Path, endpoint: str) -> None:
    path = config(folders, endpoint, "oracle")
    result = run(folders, "--config", path, "--report", folders / "out" / "deep")
    assert result.exit_code == 0
    assert "sentences  P 1.00" in result.stdout
    assert "| oracle | 1.000" in (folders / "out" / "deep" / "report.md").read_text("utf-8")
    assert "<td>oracle</td>" in (folders / "out" / "deep" / "report.html").read_text("utf-8")


def test_single_sentences(folders: Path, endpoint: str) -> None:
    rows = [
        {"text": marked("story", ["opinion"], "sadly"), "label": "SUBJ"},
        {"text": marked("story", ["fact"], "it rained"), "label": "SUBJ"},
        {"text": "who knows", "label": "mixed"},
    ]
    labels = folders / "labels.jsonl"
    labels.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    path = config(folders, endpoint, "oracle")
    options = ["--task", "sentences", "--labels", labels, "--config", path, "--json"]
    figures = told(CliRunner().invoke(main, ["eval", *map(str, options)]))
    assert figures["accuracy"] == 0.5
    assert figures["confusion"] == {"opinion": {"fact": 1, "opinion": 1}}
    assert figures["left_out"] == 1


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (["--arms", "nobody"], "there is no arm 'nobody'"),
        (["--arms", "topic_finder=rules"], "name an arm for topic_locator, relationship_checker"),
        (["--arms", "cook=rules"], "there is no role 'cook'"),
        (["--arms", ","], "--arms names none"),
        (["--policy", "x", "--arms", "rules"], "give --arms or --policy, not both"),
        (["--domain", "opera"], "unknown domain 'opera'"),
        (["--lang", "ru"], "no window in ru"),
        (["--config", "/no/such.toml"], "cannot read the configuration"),
        (["--task", "sentences"], "--labels is needed"),
    ],
)
def test_a_mistake_is_one_line(folders: Path, options: list[str], line: str) -> None:
    result = run(folders, *options)
    assert result.exit_code == 2
    assert line in result.stderr
    assert "Traceback" not in result.stderr


def test_missing_folders_are_one_line(tmp_path: Path) -> None:
    assert "--gold: there is no folder" in run(tmp_path).stderr
    assert "--gold and --text are needed" in CliRunner().invoke(main, ["eval"]).stderr


def test_an_arm_is_not_pushed_into_a_role_it_does_not_declare(folders: Path, endpoint: str) -> None:
    path = config(folders, endpoint, "oracle")
    path.write_text(path.read_text("utf-8") + 'roles = ["topic_finder"]\n', encoding="utf-8")
    assert "oracle does not declare the role topic_locator" in run(folders, "--config", path).stderr


def test_rows_of_a_pool() -> None:
    models = [
        ModelSettings(
            name=name,
            base_url="http://x.invalid",
            usd_per_million_input=1,
            usd_per_million_output=1,
        )
        for name in ("a", "b")
    ]
    assert [row.name for row in rows_of(None, None, ("a", "b"), models)] == ["a", "b"]
    (row,) = rows_of(None, "default", ("b", "a", "b"), models)
    assert (row.policy, row.models, row.alone) == ("default", ("b", "a"), False)
    (alone,) = rows_of("b", None, ("a",), models)
    assert alone.arms == dict.fromkeys(MODEL_ROLES, "b")
    mix = "topic_finder=a,topic_locator=b,relationship-checker=b,content_organizer=a"
    (mixed,) = rows_of(mix, None, (), models)
    assert mixed.arms is not None
    assert mixed.arms[Role.RELATIONSHIP_CHECKER] == "b"
    with pytest.raises(ConfigurationError):
        rows_of(None, "default", ("c",), models)
