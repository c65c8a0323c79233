"""A worker's side: the leases it holds, what it spends of them, what it reports and asks for.

Pure: times are arguments, in the worker's own clock. The coordinator's time follows from the
requests it has answered: it read a request after it was sent, so the worker's clock minus the
coordinator's is at least the difference of the two stamps, and the largest such difference is used.
Leases then end no later, and uses are reported no earlier, than they do and were.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pipeline.allowances.resources import TOKENS, is_money
from schemas.allowances import (
    AllowanceLedger,
    AllowanceRequest,
    Amounts,
    LeaseReport,
    Use,
)

_EPSILON = 1e-9
_REMEMBERED_LEASES = 4096


@dataclass
class _Held:
    """A lease, until `until_s` of the worker's clock; `used` is not reported yet."""

    unspent: Amounts
    until_s: float
    under_way: Amounts = field(default_factory=dict)
    calls: int = 0
    used: list[tuple[float, Amounts]] = field(default_factory=list)
    changed: bool = False

    @property
    def held(self) -> Amounts:
        names = (*self.unspent, *self.under_way)
        sums = {n: self.unspent.get(n, 0.0) + self.under_way.get(n, 0.0) for n in names}
        return {name: amount for name, amount in sums.items() if amount > _EPSILON}


@dataclass(frozen=True)
class Spent:
    """One call that was paid for from a lease, at its bounds."""

    number: int
    lease_id: str
    needs: Mapping[str, float]


@dataclass
class _Open:
    """A call that is not settled; `arrived_by_s` is set once it was sent."""

    spent: Spent
    arrived_by_s: float | None = None
    counted: bool = False


class Purse:
    """The leases of one worker process."""

    def __init__(self, worker: str) -> None:
        self.worker = worker
        self.epoch = 0
        self.version = 0
        self._sequence = 0
        self._ahead_s: float | None = None
        self._leases: dict[str, _Held] = {}
        self._calls = 0
        self._open: dict[int, _Open] = {}
        self._ended: OrderedDict[str, None] = OrderedDict()

    def hear(self, ledger: AllowanceLedger, now_s: float) -> bool:
        """Take in a ledger; False if a coordinator wrote it that has been replaced."""
        if ledger.epoch < self.epoch:
            return False
        if ledger.epoch > self.epoch:
            self.epoch, self._ahead_s = ledger.epoch, None
        self.version = ledger.version
        for heard in ledger.heard:
            if heard.worker == self.worker and heard.epoch == self.epoch:
                ahead_s = heard.sent_s - heard.received_s
                self._ahead_s = max(ahead_s, self._ahead_s or ahead_s)
        for lease in ledger.leases:
            known = lease.lease_id in self._leases or lease.lease_id in self._ended
            if lease.worker == self.worker and not known:
                # Without a common clock, or from another epoch, it is given back unused.
                until_s = now_s if self._ahead_s is None else lease.expires_s + self._ahead_s
                self._leases[lease.lease_id] = _Held(dict(lease.amounts), until_s)
        return True

    def spend(self, needs: Mapping[str, float], now_s: float) -> Spent | None:
        """Pay for a call that sets out now; None if nothing covers it. It has to be settled."""
        for lease_id, lease in self._leases.items():
            if now_s >= lease.until_s or not _covers(lease.unspent, needs):
                continue
            for name, amount in needs.items():
                lease.unspent[name] -= amount
                lease.under_way[name] = lease.under_way.get(name, 0.0) + amount
            lease.calls += 1
            self._calls += 1
            spent = Spent(self._calls, lease_id, dict(needs))
            self._open[spent.number] = _Open(spent)
            return spent
        return None

    def sent(self, spent: Spent, arrived_by_s: float) -> None:
        """The request is out, and reaches the provider by that time of the worker's clock."""
        if spent.number in self._open:
            self._open[spent.number].arrived_by_s = arrived_by_s

    def settle(
        self, spent: Spent, actual: Mapping[str, float], now_s: float, at_arrival: bool = False
    ) -> None:
        """A call is over: it has really used `actual` tokens and money.

        They count from now, tokens from its arrival if `at_arrival`.
        """
        call = self._open.pop(spent.number)
        lease = self._leases[spent.lease_id]
        arrived_s = min(now_s, call.arrived_by_s if call.arrived_by_s is not None else now_s)
        if not call.counted:
            self._count(call, arrived_s if call.arrived_by_s is not None else now_s)
        lease.calls -= 1
        for name, bound in spent.needs.items():
            if not _is_request(name):
                lease.under_way[name] -= bound
                if actual.get(name, 0.0) > 0:
                    arrived = at_arrival and not is_money(name)
                    lease.used.append((arrived_s if arrived else now_s, {name: actual[name]}))
        lease.changed = True

    def _count(self, call: _Open, at_s: float) -> None:
        """The request of a call has been used up by `at_s`."""
        call.counted = True
        requests = {n: a for n, a in call.spent.needs.items() if _is_request(n)}
        if requests:
            lease = self._leases[call.spent.lease_id]
            for name, amount in requests.items():
                lease.under_way[name] -= amount
            lease.used.append((at_s, requests))
            lease.changed = True

    def end_leases(self, now_s: float) -> None:
        """Give back what is unspent of leases that are over, and count requests that arrived."""
        for call in self._open.values():
            due_s = call.arrived_by_s
            if due_s is not None and due_s <= now_s and not call.counted:
                self._count(call, due_s)
        for lease in self._leases.values():
            if now_s >= lease.until_s and lease.unspent:
                lease.unspent = {}
                lease.changed = True

    def return_all(self) -> None:
        """Give back whatever is unspent."""
        for lease in self._leases.values():
            lease.until_s = float("-inf")

    @property
    def changed(self) -> bool:
        """Whether there is something to report."""
        return any(lease.changed for lease in self._leases.values())

    @property
    def empty(self) -> bool:
        """Whether no lease is held."""
        return not self._leases

    def request(self, wanted: Iterable[Amounts], waiting: int, now_s: float) -> AllowanceRequest:
        """The next request, with all that is to be reported; it has to reach the coordinator."""
        self._sequence += 1
        ahead_s = self._ahead_s
        reports = []
        for lease_id, lease in tuple(self._leases.items()):
            if not lease.changed:
                continue
            uses = tuple(
                Use(at_s=at_s - (ahead_s or 0.0), amounts=amounts) for at_s, amounts in lease.used
            )
            held = lease.held
            reports.append(LeaseReport(lease_id=lease_id, held=held, used=uses))
            lease.used, lease.changed = [], False
            if not held and not lease.calls:
                del self._leases[lease_id]
                self._ended[lease_id] = None
                if len(self._ended) > _REMEMBERED_LEASES:
                    self._ended.popitem(last=False)
        return AllowanceRequest(
            worker=self.worker,
            sequence=self._sequence,
            sent_s=now_s,
            # Without a common clock the coordinator takes the time it reads this for the times.
            epoch=0 if ahead_s is None else self.epoch,
            version=self.version,
            wanted=tuple(wanted),
            waiting=waiting,
            leases=tuple(reports),
        )


def _covers(unspent: Mapping[str, float], needs: Mapping[str, float]) -> bool:
    return unspent.keys() == needs.keys() and all(
        unspent[name] + _EPSILON >= amount for name, amount in needs.items()
    )


def _is_request(name: str) -> bool:
    return not is_money(name) and not name.startswith(TOKENS)
