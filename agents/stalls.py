"""Finds partitions that have work waiting and do not move."""

from collections.abc import Mapping
from dataclasses import dataclass

from aiokafka import TopicPartition


@dataclass(frozen=True)
class Standing:
    """Messages that wait on a partition, and what is committed there."""

    waiting: int
    position: int


class Stalls:
    """Watches the partitions of one role in one process."""

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._moved: dict[TopicPartition, tuple[int, float]] = {}
        self._told: frozenset[TopicPartition] = frozenset()

    def observe(
        self, standings: Mapping[TopicPartition, Standing], now_s: float
    ) -> tuple[frozenset[TopicPartition], frozenset[TopicPartition]]:
        """All partitions that stand still by now, and those of them that did not before.

        Partitions that are not in `standings` any more are forgotten; `now_s` is monotonic.
        """
        before, self._moved = self._moved, {}
        for place, standing in standings.items():
            position, since_s = before.get(place, (standing.position, now_s))
            if position != standing.position or standing.waiting == 0:
                since_s = now_s
            self._moved[place] = (standing.position, since_s)
        stalled = frozenset(
            place for place, (_, since_s) in self._moved.items() if now_s - since_s >= self._limit_s
        )
        new, self._told = stalled - self._told, stalled
        return stalled, new
