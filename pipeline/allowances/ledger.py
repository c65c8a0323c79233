"""The coordinator's book: what is used up, what is leased to whom, and what may be granted now.

Pure: the times of every step are arguments. A worker's reports count once, in their sequence.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from pipeline.allowances.resources import Resources, is_money
from pipeline.config.allowances import AllowanceSettings
from schemas.allowances import (
    AccountState,
    AllowanceLedger,
    AllowanceRequest,
    Amounts,
    Heard,
    Lease,
    WindowState,
)

_EPSILON = 1e-9
_SPARE_SHARE = 0.25
_SPARE_TIMES = 10.0
_FORGET_WORKER_S = 600.0
_MOST_A_LEASE = 256


@dataclass
class _Worker:
    """What a worker said last; `granted` are calls by the version that granted them."""

    heard: Heard
    heard_s: float
    wanted: list[Amounts] = field(default_factory=list)
    waiting: int = 0
    granted: dict[int, list[Amounts]] = field(default_factory=dict)
    served_s: float = 0.0

    def strike(self, calls: Iterable[Amounts]) -> None:
        """Take granted calls off what is wanted."""
        for needs in calls:
            if needs in self.wanted:
                place = self.wanted.index(needs)
                del self.wanted[place]
                self.waiting -= place < self.waiting


class Ledger:
    """The allowances of a deployment, under one coordinator."""

    def __init__(
        self, resources: Resources, settings: AllowanceSettings, epoch: int, coordinator: str = ""
    ) -> None:
        self._settings = settings
        self._coordinator = coordinator
        self._epoch = epoch
        self._version = 0
        self._next_lease = 0
        self._windows = resources.windows()
        self._accounts = resources.accounts()
        self._leases: dict[str, Lease] = {}
        self._workers: dict[str, _Worker] = {}
        self.unknown: set[str] = set()

    def restore(self, kept: AllowanceLedger, now_s: float, now: datetime) -> None:
        """Go on from what another coordinator left; its clock may have been ahead of this one."""
        late_s = self._settings.clock_tolerance_s
        for window in kept.windows:
            if (mine := self._windows.get(window.resource)) is not None:
                for at_s, amount in window.used:
                    mine.add(at_s + late_s, amount)
        for state in kept.accounts:
            if (account := self._accounts.get(state.resource)) is not None:
                raised = account.limit_usd > state.limit_usd
                since = None if raised else state.spent_since
                account.restore(state.period, state.spent_usd, since)
                account.roll(now)
        for lease in kept.leases:
            self._leases[lease.lease_id] = lease
        for heard in kept.heard:
            self._workers[heard.worker] = _Worker(heard, now_s)

    def take(self, request: AllowanceRequest, now_s: float) -> bool:
        """Take in a request that was read at `now_s`; returns whether the ledger changed."""
        before = self._workers.get(request.worker)
        if before is not None and request.sequence <= before.heard.sequence:
            return False
        heard = Heard(
            worker=request.worker,
            epoch=self._epoch,
            sequence=request.sequence,
            sent_s=request.sent_s,
            received_s=now_s,
        )
        worker = before or _Worker(heard, now_s)
        new = before is None or before.heard.epoch != self._epoch
        worker.heard, worker.heard_s = heard, now_s
        current = request.epoch == self._epoch
        for report in request.leases:
            for use in report.used:
                at_s = use.at_s if current else now_s + self._settings.clock_tolerance_s
                self._use(use.amounts, at_s, report.lease_id in self._leases)
            lease = self._leases.get(report.lease_id)
            if lease is not None and report.held:
                self._leases[lease.lease_id] = lease.model_copy(update={"amounts": report.held})
            elif lease is not None:
                del self._leases[report.lease_id]
        seen = request.version if current else -1
        worker.granted = {v: calls for v, calls in worker.granted.items() if v > seen}
        worker.wanted, worker.waiting = list(request.wanted), request.waiting
        # The worker has not heard of these grants yet.
        for calls in worker.granted.values():
            worker.strike(calls)
        self._workers[request.worker] = worker
        return new or bool(request.leases)

    def turn(self, now_s: float, now: datetime) -> bool:
        """Let time pass: end periods, give up on the silent, grant; whether anything changed."""
        changed = [account.roll(now) for account in self._accounts.values()]
        changed.append(self._give_up(now_s))
        changed.append(self._grant(now_s, now))
        return any(changed)

    @property
    def busy(self) -> bool:
        """Whether time alone may change something: calls wait, or leases are out."""
        return bool(self._leases) or any(worker.wanted for worker in self._workers.values())

    def state(self, now_s: float, now: datetime) -> AllowanceLedger:
        """The ledger as it is published, one version further."""
        self._version += 1
        for window in self._windows.values():
            window.used(now_s)
        return AllowanceLedger(
            coordinator=self._coordinator,
            epoch=self._epoch,
            version=self._version,
            windows=tuple(
                WindowState(resource=name, limit=w.limit, window_s=w.window_s, used=w.entries())
                for name, w in self._windows.items()
            ),
            accounts=tuple(
                AccountState(
                    resource=name,
                    limit_usd=a.limit_usd,
                    period=a.stamp(now),
                    spent_usd=a.spent_usd,
                    spent_since=a.spent_since,
                    at_limit=a.at_limit,
                    until=a.until(now),
                )
                for name, a in self._accounts.items()
            ),
            leases=tuple(self._leases.values()),
            heard=tuple(worker.heard for worker in self._workers.values()),
            at=now,
        )

    def _use(self, amounts: Amounts, at_s: float, leased: bool) -> None:
        for name, amount in amounts.items():
            if (window := self._windows.get(name)) is not None:
                window.add(at_s, amount)
            elif (account := self._accounts.get(name)) is not None and leased:
                # A lease that was given up has been charged in full.
                account.charge(amount)

    def _give_up(self, now_s: float) -> bool:
        changed = False
        for lease in tuple(self._leases.values()):
            silent_s = now_s - self._workers[lease.worker].heard_s
            if silent_s <= self._settings.silent_s or now_s <= lease.expires_s:
                continue
            rates = {name: n for name, n in lease.amounts.items() if not is_money(name)}
            if rates:
                self._use(rates, now_s, leased=True)
                money = {name: n for name, n in lease.amounts.items() if is_money(name)}
                lease = lease.model_copy(update={"amounts": money})
                self._leases[lease.lease_id] = lease
                changed = True
            if silent_s > self._settings.lost_s or not lease.amounts:
                self._use(lease.amounts, now_s, leased=True)
                del self._leases[lease.lease_id]
                changed = True
        holders = {lease.worker for lease in self._leases.values()}
        for name, worker in tuple(self._workers.items()):
            silent_s = now_s - worker.heard_s
            if silent_s > self._settings.silent_s:
                worker.wanted, worker.waiting = [], 0
            if silent_s > _FORGET_WORKER_S and name not in holders:
                del self._workers[name]
        return changed

    def _grant(self, now_s: float, now: datetime) -> bool:
        wanting = [(name, w) for name, w in self._workers.items() if w.wanted]
        if not wanting:
            return False
        held = self._held()
        used = {name: window.used(now_s) for name, window in self._windows.items()}
        blocked: set[str] = set()
        changed = False
        # Who was served longest ago comes first; one call each, so that all get their share.
        wanting.sort(key=lambda item: (item[1].served_s, item[0]))
        granted: dict[str, list[Amounts]] = {}
        turns = [(name, worker, iter(list(worker.wanted))) for name, worker in wanting]
        place = 0
        while turns:
            left = []
            for name, worker, calls in turns:
                needs = next(calls, None)
                if needs is None or place >= _MOST_A_LEASE:
                    continue
                left.append((name, worker, calls))
                waits = place < worker.waiting
                if waits and self._close_what_is_spent(needs, now):
                    changed = True
                if blocked & needs.keys():
                    continue
                if self._room(needs, used, held, spare=not waits):
                    granted.setdefault(name, []).append(needs)
                    for resource, amount in needs.items():
                        held[resource] = held.get(resource, 0.0) + amount
                elif waits:
                    blocked |= needs.keys()
            turns, place = left, place + 1
        for name, its_calls in granted.items():
            self._lease(self._workers[name], its_calls, now_s)
        return changed or bool(granted)

    def _lease(self, worker: _Worker, calls: list[Amounts], now_s: float) -> None:
        worker.served_s = now_s
        for kind in {tuple(sorted(needs)) for needs in calls}:
            same = [needs for needs in calls if tuple(sorted(needs)) == kind]
            self._next_lease += 1
            lease_id = f"{self._epoch}.{self._next_lease}"
            self._leases[lease_id] = Lease(
                lease_id=lease_id,
                worker=worker.heard.worker,
                amounts=_sum(same),
                expires_s=now_s + self._settings.lease_s,
            )
        worker.strike(calls)
        # It is published with the next version.
        worker.granted.setdefault(self._version + 1, []).extend(calls)

    def _held(self) -> Amounts:
        return _sum(lease.amounts for lease in self._leases.values())

    def _room(self, needs: Amounts, used: Amounts, held: Amounts, spare: bool) -> bool:
        for name, amount in needs.items():
            out = held.get(name, 0.0)
            if (window := self._windows.get(name)) is not None:
                # What is larger than the whole limit waits until the window is empty.
                amount = min(amount, window.limit)
                keep = _SPARE_SHARE * window.limit if spare else 0.0
                if used[name] + out + amount + keep > window.limit + _EPSILON:
                    return False
            elif (account := self._accounts.get(name)) is not None:
                keep = _SPARE_TIMES * amount if spare else 0.0
                if account.spent_since is not None or not account.fits(amount + keep, out):
                    return False
            else:
                self.unknown.add(name)
                return False
        return True

    def _close_what_is_spent(self, needs: Amounts, now: datetime) -> bool:
        closed = False
        for name, amount in needs.items():
            account = self._accounts.get(name)
            if account is not None and account.spent_since is None and not account.fits(amount):
                account.close(now)
                closed = True
        return closed


def ledger_in_force(ledgers: Iterable[AllowanceLedger]) -> AllowanceLedger | None:
    """The one to go on from: of the latest epoch that wrote one the last version, else a claim."""
    return max(ledgers, key=lambda k: (k.version > 0, k.epoch, k.version), default=None)


def _sum(many: Iterable[Amounts]) -> Amounts:
    total: Amounts = {}
    for amounts in many:
        for name, amount in amounts.items():
            total[name] = total.get(name, 0.0) + amount
    return total
