"""Tells by sentence vectors whether a phrase names something that can be a subject."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.models.embedded.embedder import Embedder
from pipeline.models.embedded.kinds import kinds

_ROUNDS: Final = 400
_STEP: Final = 3.0
_SCALE: Final = 12.0
_WEIGHT_DECAY: Final = 3e-3
_UNKNOWN_LANGUAGE: Final = "en"
_ENOUGH: Final = 160


@dataclass(frozen=True)
class KindModel:
    """Logistic regression between the example things and the example talk."""

    embedder: Embedder
    centre: NDArray[np.float64]
    weights: NDArray[np.float64]
    bias: float

    def worth(self, phrases: Sequence[str]) -> NDArray[np.float64]:
        """0 to 1 for each phrase."""
        vectors = self.embedder.vectors(phrases)
        logits = _SCALE * (vectors - self.centre) @ self.weights + self.bias
        chances: NDArray[np.float64] = 1 / (1 + np.exp(-logits))
        return chances


def fit_kinds(lang: str, embedder: Embedder) -> KindModel:
    """Fit to the example nouns of `lang`; the space is shared, so English serves the others."""
    known = kinds(lang) if kinds(lang).things else kinds(_UNKNOWN_LANGUAGE)
    things, talk = _some(known.things), _some(known.talk)
    vectors = embedder.example_vectors((*things, *talk)).astype(np.float64)
    targets = np.repeat([1.0, 0.0], [len(things), len(talk)])
    importance = np.where(targets == 1, 0.5 / len(things), 0.5 / max(1, len(talk)))
    centre = vectors.mean(axis=0)
    inputs = _SCALE * (vectors - centre)
    weights = np.zeros(vectors.shape[1])
    bias = 0.0
    for _ in range(_ROUNDS):
        error = importance * (1 / (1 + np.exp(-(inputs @ weights + bias))) - targets)
        weights -= _STEP * (inputs.T @ error + _WEIGHT_DECAY * weights)
        bias -= _STEP * float(error.sum())
    return KindModel(embedder, centre, weights, bias)


def _some(names: Sequence[str]) -> Sequence[str]:
    """At most 160 of the names, evenly spread: each costs an embedding at the first start."""
    return names[:: -(-len(names) // _ENOUGH)] if names else names
