"""The last hour in buckets of time; older buckets are forgotten."""

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from agents.web.live.role_figures import quantile
from agents.web.live.views import Point, RolePoint

BUCKET_S = 10
BUCKETS = 360
_LATENCIES = 200


@dataclass
class _RoleBucket:
    quality: float = 0.0
    scored: int = 0
    spend_usd: float = 0.0
    latencies: deque[float] = field(default_factory=lambda: deque(maxlen=_LATENCIES))


@dataclass
class Bucket:
    """The counts of one bucket; `version` is the board's when it changed last."""

    t: int
    version: int = 0
    records: int = 0
    sentences: int = 0
    dead_letters: int = 0
    spend_usd: float = 0.0
    dearest_usd: float = 0.0
    roles: dict[str, _RoleBucket] = field(default_factory=dict)

    def role(self, name: str) -> _RoleBucket:
        """The counts of a role."""
        return self.roles.setdefault(name, _RoleBucket())

    def point(self) -> Point:
        """As it is shown."""
        return Point(
            self.t,
            self.records,
            self.sentences,
            self.dead_letters,
            self.spend_usd,
            self.dearest_usd,
            {
                name: RolePoint(
                    role.quality / role.scored if role.scored else None,
                    quantile(role.latencies, 0.95),
                    role.spend_usd,
                )
                for name, role in self.roles.items()
            },
        )


class Series:
    """Buckets by time; `now` says what time it is."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._buckets: OrderedDict[int, Bucket] = OrderedDict()

    def at(self, moment: datetime, version: int) -> Bucket | None:
        """The bucket of `moment`, about to change; None if it is too long ago.

        What claims to come from the future counts as now.
        """
        present = _start(self._now())
        t = min(_start(moment), present)
        if t <= present - BUCKETS * BUCKET_S:
            return None
        bucket = self._buckets.get(t)
        if bucket is None:
            bucket = self._buckets[t] = Bucket(t)
            for old in [b for b in self._buckets if b <= present - BUCKETS * BUCKET_S]:
                del self._buckets[old]
        bucket.version = version
        return bucket

    def since(self, version: int) -> tuple[Point, ...]:
        """The buckets that changed after `version`, in order of time."""
        changed = (self._buckets[t] for t in sorted(self._buckets))
        return tuple(bucket.point() for bucket in changed if bucket.version > version)


def _start(moment: datetime) -> int:
    return int(moment.timestamp()) // BUCKET_S * BUCKET_S
