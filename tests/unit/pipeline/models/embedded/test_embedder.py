"""Vectors are computed once and kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.models.embedded.embedder import Embedder
from pipeline.models.embedded.vector_store import VectorStore


class CountingEncoder:
    """Makes a vector from a text's length and remembers what it was asked."""

    dim = 2

    def __init__(self) -> None:
        self.asked: list[str] = []

    def query(self, texts: list[str]) -> NDArray[np.float32]:
        self.asked.extend(texts)
        return np.array([[len(text), 1] for text in texts], dtype=np.float32)

    def token_count(self, text: str) -> int:
        return len(text.split()) + 2


def test_texts_are_computed_once_whatever_their_case() -> None:
    encoder = CountingEncoder()
    embedder = Embedder(encoder)
    first = embedder.vectors(["Lamp", "mug", "lamp"])
    assert first.tolist() == [[4, 1], [3, 1], [4, 1]]
    embedder.vectors(["mug", "LAMP"])
    assert encoder.asked == ["lamp", "mug"]


def test_no_text_gives_no_row_and_empty_text_gives_one() -> None:
    embedder = Embedder(CountingEncoder())
    assert embedder.vectors([]).shape == (0, 2)
    assert embedder.vectors(["", "\x00"]).shape == (2, 2)


def test_the_cache_is_bounded() -> None:
    encoder = CountingEncoder()
    embedder = Embedder(encoder, cached_texts=2)
    embedder.vectors(["a"])
    embedder.vectors(["b"])
    embedder.vectors(["a"])
    embedder.vectors(["c"])
    embedder.vectors(["a"])
    assert encoder.asked == ["a", "b", "c"]
    embedder.vectors(["b"])
    assert encoder.asked[-1] == "b"


def test_a_call_with_more_texts_than_the_cache_holds_gets_all_rows() -> None:
    embedder = Embedder(CountingEncoder(), cached_texts=2)
    assert embedder.vectors(["a", "bb", "ccc"])[:, 0].tolist() == [1, 2, 3]


def test_examples_survive_in_the_store(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "vectors.npz"
    Embedder(CountingEncoder(), VectorStore(path)).example_vectors(["lamp", "mug"])
    encoder = CountingEncoder()
    again = Embedder(encoder, VectorStore(path))
    assert again.example_vectors(["mug", "lamp", "rug s"])[:, 0].tolist() == [3, 4, 5]
    assert encoder.asked == ["rug s"]


def test_a_damaged_or_unwritable_store_is_done_without(tmp_path: Path) -> None:
    path = tmp_path / "vectors.npz"
    path.write_bytes(b"no archive")
    assert Embedder(CountingEncoder(), VectorStore(path)).example_vectors(["a"]).shape == (1, 2)
    blocked = VectorStore(path / "below" / "a.npz")
    assert Embedder(CountingEncoder(), blocked).example_vectors(["a"]).shape == (1, 2)


def test_tokens_are_counted_without_the_marks_and_past_a_nul() -> None:
    embedder = Embedder(CountingEncoder())
    assert embedder.count_tokens("") == 0
    assert embedder.count_tokens("two words") == 2
    assert embedder.count_tokens("two\x00words") == 2
