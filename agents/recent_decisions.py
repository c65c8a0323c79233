"""The last decisions of a process, for feedback that comes later; as bytes, which take a tenth of
the memory that messages take.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from pipeline.decisions.late_quality import Answered
from pipeline.decisions.serve import Served
from schemas.codec import decode, encode
from schemas.rewards import RewardEvent
from schemas.role_task import RoleTask
from schemas.roles import Role


class _Kept(NamedTuple):
    stream: tuple[str, str]
    events: tuple[bytes, ...]
    versions: tuple[tuple[str, bytes], ...]

    @property
    def size(self) -> int:
        return sum(map(len, self.events)) + sum(len(value) for _, value in self.versions)


class RecentDecisions:
    """Bounded by `most` decisions and by `most_bytes` of what is kept of them."""

    def __init__(self, most: int = 2000, most_bytes: int = 32 * 1024 * 1024) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._bytes = 0
        self._kept: OrderedDict[tuple[str, Role], _Kept] = OrderedDict()

    def keep(self, task: RoleTask, served: Served, sent: bytes, events: Iterable[bytes]) -> None:
        """Remember a decision, unless no model was asked.

        `sent` is the task for the next role, `events` are the reward events, as they were sent.
        """
        if not served.versions:
            return
        window, role = task.window, task.role
        author = served.task.produced_by.get(role.value)
        # What was sent holds the version of the arm that was kept: it is not written twice.
        delivered = None if author is None else author.model
        kept = _Kept(
            (window.domain, window.stream_id),
            tuple(events),
            tuple(
                (model, sent if model == delivered else encode(version))
                for model, version in served.versions.items()
            ),
        )
        key = (window.window_id, role)
        if (before := self._kept.pop(key, None)) is not None:
            self._bytes -= before.size
        self._kept[key] = kept
        self._bytes += kept.size
        while len(self._kept) > self._most or self._bytes > self._most_bytes:
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= oldest.size

    def of_stream(self, domain: str, stream_id: str) -> Iterator[Answered]:
        """The remembered decisions of a stream, oldest first."""
        for (_, role), kept in list(self._kept.items()):
            if kept.stream == (domain, stream_id):
                tasks = {model: decode(RoleTask, version) for model, version in kept.versions}
                yield Answered(
                    tuple(decode(RewardEvent, event) for event in kept.events),
                    {
                        model: task.model_copy(update={"role": role})
                        for model, task in tasks.items()
                    },
                )
