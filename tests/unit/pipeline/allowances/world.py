"""Workers, a coordinator and the messages between them, in simulated time; any of them may die.

Every process has a clock of its own. Messages take their time, but each sender's arrive in order.
"""

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

from pipeline.allowances.ledger import Ledger, ledger_in_force
from pipeline.allowances.purse import Purse, Spent
from pipeline.allowances.resources import Resources
from pipeline.config.allowances import AllowanceSettings, BudgetSettings, LimitSettings
from schemas.allowances import AllowanceLedger, AllowanceRequest, Amounts

ARRIVAL_S = 0.05
SETTINGS = AllowanceSettings(
    window_s=6.0,
    tick_s=0.05,
    lease_s=0.5,
    beat_s=0.2,
    silent_s=1.0,
    lost_s=3.0,
    clock_tolerance_s=0.3,
)
START = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


@dataclass
class Arrived:
    """A call as the provider saw it: it came at `at_s` and was answered at `replied_s`."""

    at_s: float
    replied_s: float
    tokens: float
    usd: float


@dataclass
class Worker:
    """One worker process, its clock `ahead_s` of true time, with always `load` calls to make."""

    purse: Purse
    ahead_s: float
    load: int
    waiting: list[Amounts] = field(default_factory=list)
    in_flight: int = 0
    alive: bool = True
    paused: bool = False
    last_beat_s: float = -1e9


class World:
    """A deployment; `calls` are those that a provider has seen."""

    def __init__(
        self,
        seed: int,
        limits: dict[str, LimitSettings] | None = None,
        budget: BudgetSettings | None = None,
        bound: Amounts | None = None,
        delay_s: tuple[float, float] = (0.005, 0.05),
        latency_s: tuple[float, float] = (0.05, 0.6),
    ) -> None:
        self.rng = Random(seed)
        self.now_s = 0.0
        self.resources = Resources(limits or {}, budget or BudgetSettings(), SETTINGS.window_s)
        self.bound = bound or {"requests:g": 1.0}
        self.calls: list[Arrived] = []
        self.workers: list[Worker] = []
        self.log: list[AllowanceLedger] = []
        self.requests: list[AllowanceRequest] = []
        self.read = 0
        self.committed = 0
        self.ledger: Ledger | None = None
        self._skew_s = 0.0
        self._delay_s, self._latency_s = delay_s, latency_s
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._count = itertools.count()
        self._lanes: dict[str, float] = {}
        self._zero_s = 1e6
        self.coordinator_starts()
        self.after(0.0, self._tick)

    def add_worker(self, load: int = 8) -> Worker:
        """Start a worker."""
        ahead_s = self.rng.uniform(-1000, 1000)
        worker = Worker(Purse(f"w{len(self.workers)}"), ahead_s, load)
        self.workers.append(worker)
        self.after(0.0, lambda: self._work(worker))
        return worker

    def coordinator_starts(self) -> None:
        """A coordinator takes over, its clock another one within the tolerance."""
        half_s = SETTINGS.clock_tolerance_s / 2
        self._skew_s = self.rng.uniform(-half_s, half_s)
        former = ledger_in_force(self.log)
        epoch = 1 + max((kept.epoch for kept in self.log), default=0)
        self.ledger = Ledger(self.resources, SETTINGS, epoch)
        if former is not None:
            self.ledger.restore(former, self._coordinator_s, self.wall)
        self.read = self.committed

    def coordinator_dies(self) -> None:
        """What it read and did not commit will be read again."""
        self.ledger = None

    def run(self, seconds: float) -> None:
        """Let time pass."""
        end_s = self.now_s + seconds
        while self._events and self._events[0][0] <= end_s:
            self.now_s, _, event = heapq.heappop(self._events)
            event()
        self.now_s = end_s

    def after(self, seconds: float, event: Callable[[], None]) -> None:
        """Have something happen."""
        heapq.heappush(self._events, (self.now_s + seconds, next(self._count), event))

    @property
    def wall(self) -> datetime:
        """The coordinator's wall clock."""
        return START + timedelta(seconds=self.now_s + self._skew_s)

    @property
    def _coordinator_s(self) -> float:
        return self._zero_s + self.now_s + self._skew_s

    def _send(self, lane: str, event: Callable[[], None]) -> None:
        due_s = max(self.now_s + self.rng.uniform(*self._delay_s), self._lanes.get(lane, 0.0))
        self._lanes[lane] = due_s
        self.after(due_s - self.now_s, event)

    def _tick(self) -> None:
        self.after(SETTINGS.tick_s, self._tick)
        ledger = self.ledger
        if ledger is None:
            return
        dirty = len(self.log) == 0
        for request in self.requests[self.read :]:
            dirty |= ledger.take(request, self._coordinator_s)
        self.read = len(self.requests)
        dirty |= ledger.turn(self._coordinator_s, self.wall)
        if dirty:
            state = ledger.state(self._coordinator_s, self.wall)
            if self.rng.random() < 0.02:
                self.coordinator_dies()  # before it could write
                self.after(self.rng.uniform(0.1, 1.0), self.coordinator_starts)
                return
            self.log.append(state)
            for worker in self.workers:
                self._send(f"to {worker.purse.worker}", lambda w=worker: self._hear(w, state))
        self.committed = self.read

    def _hear(self, worker: Worker, state: AllowanceLedger) -> None:
        if worker.alive and not worker.paused:
            worker.purse.hear(state, self.now_s + worker.ahead_s)
            self._work(worker, again=False)

    def _work(self, worker: Worker, again: bool = True) -> None:
        if not worker.alive:
            return
        if again:
            self.after(self.rng.uniform(0.01, 0.04), lambda: self._work(worker))
        if worker.paused:
            return
        own_s = self.now_s + worker.ahead_s
        while len(worker.waiting) + worker.in_flight < worker.load:
            worker.waiting.append({n: self._varied(n, a) for n, a in self.bound.items()})
        for needs in list(worker.waiting):
            spent = worker.purse.spend(needs, own_s)
            if spent is not None:
                worker.waiting.remove(needs)
                self._call(worker, spent)
        worker.purse.end_leases(own_s)
        beat = self.now_s - worker.last_beat_s >= SETTINGS.beat_s
        if beat or worker.purse.changed:
            worker.last_beat_s = self.now_s
            asked = [*worker.waiting, *[dict(self.bound)] * self.rng.randint(0, 3)]
            request = worker.purse.request(asked, len(worker.waiting), own_s)
            self._send(f"from {worker.purse.worker}", lambda: self.requests.append(request))

    def _varied(self, name: str, amount: float) -> float:
        return amount if name.startswith("requests") else amount * self.rng.uniform(0.5, 1.0)

    def _call(self, worker: Worker, spent: Spent) -> None:
        worker.in_flight += 1
        sent_s = self.rng.uniform(0.0, 0.2)
        at_s = self.now_s + sent_s + self.rng.uniform(0.0, ARRIVAL_S)
        latency_s = sent_s + ARRIVAL_S + self.rng.uniform(*self._latency_s)
        used = {n: a * self.rng.uniform(0.3, 1.0) for n, a in spent.needs.items()}
        tokens = next((a for n, a in used.items() if n.startswith("tokens")), 0.0)
        usd = next((a for n, a in used.items() if n.startswith("usd")), 0.0)
        for name in used:
            if name.startswith("usd"):
                used[name] = usd
        self.calls.append(Arrived(at_s, self.now_s + latency_s, tokens, usd))

        def replied() -> None:
            worker.in_flight -= 1
            if worker.alive:
                worker.purse.settle(spent, used, self.now_s + worker.ahead_s)

        def sent() -> None:
            if worker.alive and not worker.paused:
                worker.purse.sent(spent, self.now_s + worker.ahead_s + ARRIVAL_S)

        self.after(sent_s, sent)
        self.after(latency_s, replied)


def most_in_a_window(moments: list[tuple[float, float]], window_s: float) -> float:
    """The largest sum of amounts in any half-open window of that length."""
    moments = sorted(moments)
    most = total = 0.0
    first = 0
    for at_s, amount in moments:
        total += amount
        while moments[first][0] <= at_s - window_s:
            total -= moments[first][1]
            first += 1
        most = max(most, total)
    return most
