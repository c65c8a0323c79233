"""How long an arm takes in a role: median, 95th percentile, and the share that is too late."""

from dataclasses import dataclass

MEMORY = 200.0
"""Observations a latency estimate remembers."""
LEAST_STEP = 0.02
LATE_PRIOR, LATE_PRIOR_WEIGHT = 0.01, 10.0
"""Before anything was seen one run in a hundred is taken to be late, worth ten runs."""
LATE_LIMIT = 0.02
"""An arm that is late more often does not meet a p95 objective with any margin for the mix."""


@dataclass(slots=True)
class Latency:
    """Running quantiles by stochastic approximation (Robbins and Monro 1951); seconds."""

    count: float = 0.0
    p50_s: float = 0.0
    p95_s: float = 0.0
    scale_s: float = 0.0
    late: float = 0.0

    def add(self, seconds: float, limit_s: float | None) -> None:
        """One run; `limit_s` is the latency objective, if there is one."""
        count = self.count
        if count == 0.0:
            self.p50_s = self.p95_s = self.scale_s = seconds
        count = self.count = count + 1.0 if count < MEMORY else MEMORY
        step = 1.0 / count
        p50_s, p95_s = self.p50_s, self.p95_s
        scale_s = self.scale_s = self.scale_s + step * (abs(seconds - p50_s) - self.scale_s)
        gain = 2.0 * (scale_s + 1e-9) * (step if step > LEAST_STEP else LEAST_STEP)
        p50_s += gain * (0.5 if seconds > p50_s else -0.5)
        p95_s += gain * (0.95 if seconds > p95_s else -0.05)
        self.p50_s, self.p95_s = p50_s, (p95_s if p95_s > p50_s else p50_s)
        if limit_s is not None:
            forgotten = self.late / count if count == MEMORY else 0.0
            self.late += (1.0 if seconds > limit_s else 0.0) - forgotten

    @property
    def late_share(self) -> float:
        """Share of runs that take longer than the objective."""
        return (self.late + LATE_PRIOR * LATE_PRIOR_WEIGHT) / (self.count + LATE_PRIOR_WEIGHT)

    def cells(self) -> list[float]:
        """The estimate as JSON values, in the order of the fields."""
        return [self.count, self.p50_s, self.p95_s, self.scale_s, self.late]
