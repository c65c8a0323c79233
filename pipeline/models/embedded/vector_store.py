"""Keeps the vectors of example texts in a file, so that a second start need not compute them."""

from __future__ import annotations

import hashlib
import os
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

_FOLDER: Final = "rolestream"


class VectorStore:
    """Vectors by text in one file; a file that cannot be read or written is done without."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._vectors = _read(path)

    def get(self, text: str) -> NDArray[np.float32] | None:
        """The vector of a text if it is kept."""
        return self._vectors.get(_key(text))

    def put(self, vectors: Mapping[str, NDArray[np.float32]]) -> None:
        """Keep more vectors; the file is replaced as a whole."""
        if not vectors:
            return
        self._vectors.update({_key(text): vector for text, vector in vectors.items()})
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._path.parent, suffix=".tmp")
            with os.fdopen(handle, "wb") as file:
                np.savez(
                    file,
                    keys=np.array(list(self._vectors)),
                    rows=np.array(list(self._vectors.values()), dtype=np.float32),
                )
            Path(name).replace(self._path)
        except OSError:
            # The store saves time only; the vectors are in memory.
            return


def default_store(model: str) -> VectorStore:
    """The store of a model in the user's cache folder (XDG_CACHE_HOME, else ~/.cache)."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return VectorStore(Path(base) / _FOLDER / f"vectors-{model}.npz")


def _read(path: Path) -> dict[str, NDArray[np.float32]]:
    try:
        with np.load(path, allow_pickle=False) as file:
            return dict(zip(file["keys"].tolist(), file["rows"], strict=True))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return {}


def _key(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8"), digest_size=16).hexdigest()
