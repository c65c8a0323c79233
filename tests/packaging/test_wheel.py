"""The wheel alone, in a fresh environment and an empty folder, runs the demonstration."""

import json
import os
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

pytestmark = [pytest.mark.wheel, pytest.mark.timeout(900)]

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)],
        cwd=REPOSITORY,
        check=True,
        capture_output=True,
    )
    (built,) = target.glob("*.whl")
    return built


def test_the_wheel_holds_the_rooms_and_nothing_else(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        names = archive.namelist()
    rooms = {name.split("/")[0] for name in names}
    assert {room for room in rooms if not room.endswith(".dist-info")} == {
        "agents",
        "deploy",
        "pipeline",
        "schemas",
    }
    for needed in ("pipeline/domains/news.toml", "deploy/samples/streams.json"):
        assert needed in names
    assert "schemas/contracts/v1/asyncapi.json" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_it_installs_and_runs_the_demonstration(wheel: Path, tmp_path: Path) -> None:
    home = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
    subprocess.run(
        [home / "bin/pip", "install", "--quiet", "--disable-pip-version-check", str(wheel)],
        check=True,
    )
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [home / "bin/rolestream", "demo", "--json", str(tmp_path / "figures.json")],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    figures = json.loads((tmp_path / "figures.json").read_text("utf-8"))
    assert figures["sentences_in"] == figures["sentences_accounted"] != {}
