"""Tells categories apart by the domain's own example sentences, in the sentence's language."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.domains import Domain
from pipeline.models.embedded.cues import Scores
from pipeline.models.embedded.embedder import Embedder, Vectors

_ROUNDS: Final = 300
_STEP: Final = 2.0
_SCALE: Final = 12.0
_PIECES: Final = re.compile(r"[:;,.，。：；、]")
_FEW: Final = 10


@dataclass(frozen=True)
class PrototypeModel:
    """A multinomial logistic regression over centred sentence vectors."""

    centre: NDArray[np.float64]
    weights: NDArray[np.float64]
    bias: NDArray[np.float64]

    def scores(self, vectors: Vectors, typical: NDArray[np.bool_]) -> Scores:
        """Log probabilities, one column a category and a last one for filler.

        Speech differs from written examples in all its sentences alike, so the mean of the
        `typical` sentences is moved towards the examples' mean, the more the more there are.
        """
        count = int(typical.sum())
        drift = np.zeros_like(self.centre)
        if count:
            drift = (vectors[typical].mean(axis=0) - self.centre) * count / (count + _FEW)
        logits = _SCALE * (vectors - drift - self.centre) @ self.weights + self.bias
        logits -= logits.max(axis=1, keepdims=True)
        logs: Scores = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        return logs


def fit_prototypes(
    domain: Domain, lang: str, embedder: Embedder, weight_decay: float = 1e-3
) -> PrototypeModel:
    """Fit to the domain's examples in `lang`, by gradient descent from zero.

    A category without examples is represented by its name and the pieces of its description.
    Every class counts the same, however many examples it has.
    """
    texts: list[str] = []
    labels: list[int] = []
    shares: list[float] = []
    columns = len(domain.categories) + 1
    for column, own in enumerate(_examples(domain, lang)):
        for text in own:
            texts.append(text)
            labels.append(column)
            shares.append(1 / len(own))
    vectors = embedder.example_vectors(texts).astype(np.float64)
    centre = vectors.mean(axis=0)
    inputs = _SCALE * (vectors - centre)
    targets = np.eye(columns)[labels]
    importance = np.array(shares)[:, None] / len(set(labels))
    weights = np.zeros((vectors.shape[1], columns))
    bias = np.zeros(columns)
    for _ in range(_ROUNDS):
        logits = inputs @ weights + bias
        exps = np.exp(logits - logits.max(axis=1, keepdims=True))
        error = importance * (exps / exps.sum(axis=1, keepdims=True) - targets)
        weights -= _STEP * (inputs.T @ error + weight_decay * weights)
        bias -= _STEP * error.sum(axis=0)
    bias[targets.sum(axis=0) == 0] = -1e3
    return PrototypeModel(centre, weights, bias)


def _examples(domain: Domain, lang: str) -> Sequence[tuple[str, ...]]:
    groups = []
    for category in domain.categories:
        own = category.examples.get(lang, ())
        if not own:
            description = domain.text(category.description, lang)
            pieces = (piece.strip() for piece in _PIECES.split(description))
            own = (category.name.replace("_", " "), *filter(None, pieces))
        groups.append(own)
    return (*groups, domain.filler.examples.get(lang, ()))
