"""What happened in a replay, one row a decision."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Columns(NamedTuple):
    """Decisions as arrays of one entry a decision; dollars and seconds."""

    step: Array
    item: Array
    quality: Array
    success: Array
    kept_usd: Array
    latency_s: Array
    oracle_usd: Array
    oracle_success: Array
    paid_usd: Array
    judged_usd: Array
    judgments: Array
    runs: Array


class Trace:
    """The decisions of one role; `models` are the arms that ran, in turn."""

    def __init__(self) -> None:
        self.models: list[tuple[str, ...]] = []
        self._rows: list[tuple[float, ...]] = []
        self._spent: list[tuple[float, float, int]] = []

    def add(self, kept: tuple[float, ...], paid: float, judged: float, judgments: int) -> None:
        """One decision: `kept` has the first eight columns."""
        self._rows.append(kept)
        self._spent.append((paid, judged, judgments))

    @property
    def last_step(self) -> int:
        """The step of the last decision."""
        return int(self._rows[-1][0])

    def columns(self, first_step: int = 0) -> Columns:
        """The decisions from `first_step` on."""
        rows = np.array(self._rows, dtype=float)
        spent = np.array(self._spent, dtype=float)
        runs = np.array([len(models) for models in self.models], dtype=float)
        keep = rows[:, 0] >= first_step
        return Columns._make((*rows[keep].T, *spent[keep].T, runs[keep]))


def joined(parts: Sequence[Columns]) -> Columns:
    """All roles together, in the order in which the decisions were made."""
    whole = Columns(*(np.concatenate(column) for column in zip(*parts, strict=True)))
    order = np.argsort(whole.step, kind="stable")
    return Columns(*(column[order] for column in whole))
