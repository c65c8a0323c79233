"""A budget: what it allows in its present period, what of it is spent, and since when all is."""

from datetime import UTC, datetime, timedelta

_EPSILON_USD = 1e-9


class Account:
    """`period` is `run`, `hour` or `day`; `run` names the run."""

    def __init__(self, limit_usd: float, period: str, at_limit: str, run: str = "") -> None:
        self.limit_usd = limit_usd
        self.period = period
        self.at_limit = at_limit
        self.spent_usd = 0.0
        self.spent_since: datetime | None = None
        self._run = run
        self._stamp: str | None = None

    def roll(self, now: datetime) -> bool:
        """Begin the period anew if it is over; returns whether it was."""
        stamp = self.stamp(now)
        if self._stamp == stamp:
            return False
        renewed = self._stamp is not None
        self._stamp = stamp
        if renewed:
            self.spent_usd, self.spent_since = 0.0, None
        return renewed

    def restore(self, stamp: str, spent_usd: float, spent_since: datetime | None) -> None:
        """Go on from what was kept of a period; a raised limit opens the account again."""
        self._stamp = stamp
        self.spent_usd = spent_usd
        self.spent_since = spent_since

    def charge(self, usd: float) -> None:
        """`usd` were paid."""
        self.spent_usd += usd

    def left(self) -> float:
        """What is not spent."""
        return max(0.0, self.limit_usd - self.spent_usd)

    def fits(self, usd: float, held_usd: float = 0.0) -> bool:
        """Whether `usd` more may be held, with `held_usd` held."""
        return usd <= self.limit_usd - self.spent_usd - held_usd + _EPSILON_USD

    def close(self, now: datetime) -> None:
        """A call does not fit any more, whatever comes back of what is held."""
        self.spent_since = self.spent_since or now

    def stamp(self, now: datetime) -> str:
        """The name of the period that `now` is in."""
        if self.period == "hour":
            return now.astimezone(UTC).strftime("hour %Y-%m-%dT%H")
        if self.period == "day":
            return now.astimezone(UTC).strftime("day %Y-%m-%d")
        return f"run {self._run}"

    def until(self, now: datetime) -> datetime | None:
        """When the next period begins; None for a run."""
        hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        if self.period == "hour":
            return hour + timedelta(hours=1)
        if self.period == "day":
            return hour.replace(hour=0) + timedelta(days=1)
        return None
