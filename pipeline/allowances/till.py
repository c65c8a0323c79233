"""Where a worker's calls wait for their allowance: first come, first served, from its leases."""

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pipeline.allowances.purse import Purse, Spent
from pipeline.allowances.words import in_force, spent_line
from pipeline.clock import Clock
from pipeline.config.allowances import AllowanceSettings
from pipeline.errors import RolestreamError
from schemas.allowances import AccountState, AllowanceLedger, AllowanceRequest, Amounts

_MOST_WANTED = 64
_MOST_EXPECTED = 32
_RATE_OVER_S = 1.0
_AHEAD_S = 0.5


class AllowanceRefusedError(RolestreamError):
    """The call was not made: a budget is spent. `accounts` are those, with what is to be done."""

    def __init__(self, arm: str, accounts: tuple[AccountState, ...]) -> None:
        super().__init__("; ".join(filter(None, map(spent_line, accounts))))
        self.arm = arm
        self.accounts = accounts


@dataclass
class _Waiting:
    arm: str
    needs: Amounts
    served: asyncio.Future[Spent]


class Till:
    """All calls of one worker process; `news` is set when there is something to send."""

    def __init__(self, purse: Purse, settings: AllowanceSettings, clock: Clock) -> None:
        self.news = asyncio.Event()
        self.turned = asyncio.Event()
        self._purse = purse
        self._settings = settings
        self._clock = clock
        self._waiting: deque[_Waiting] = deque()
        self._asked = 0
        self._accounts: dict[str, AccountState] = {}
        self._sent_s = float("-inf")
        self._heard_s: float | None = None
        self._spends: deque[tuple[float, Amounts]] = deque(maxlen=512)

    async def pay(self, arm: str, needs: Amounts) -> Spent:
        """Wait until the call is covered. Raises AllowanceRefusedError if a budget is spent."""
        self._refuse(arm, needs)
        now_s = self._clock.monotonic()
        if not self._waiting and (spent := self._spend(needs, now_s)) is not None:
            return spent
        entry = _Waiting(arm, needs, asyncio.get_running_loop().create_future())
        self._waiting.append(entry)
        self.news.set()
        try:
            return await entry.served
        except asyncio.CancelledError:
            if (
                entry.served.done()
                and not entry.served.cancelled()
                and not entry.served.exception()
            ):
                # It was paid for in the same moment: nothing was sent.
                self.settle(entry.served.result(), {})
            raise
        finally:
            if entry in self._waiting:
                self._waiting.remove(entry)

    def sent(self, spent: Spent, arrival_s: float) -> None:
        """The call's request is out, and reaches the provider within `arrival_s`."""
        self._purse.sent(spent, self._clock.monotonic() + arrival_s)

    def settle(self, spent: Spent, actual: Mapping[str, float], at_arrival: bool = False) -> None:
        """The call is over and has really used `actual`, tokens at its arrival or now."""
        self._purse.settle(spent, actual, self._clock.monotonic(), at_arrival)
        self.news.set()

    def hear(self, ledger: AllowanceLedger) -> None:
        """Take in what the coordinator published."""
        now_s = self._clock.monotonic()
        if not self._purse.hear(ledger, now_s):
            return
        self._heard_s = now_s
        self._accounts = {account.resource: account for account in ledger.accounts}
        self._serve()
        self.turned.set()
        self.turned = asyncio.Event()

    def closed(self, resources: tuple[str, ...]) -> tuple[AccountState, ...]:
        """Those of the accounts that are spent, as far as is known here."""
        now = self._clock.now()
        return tuple(a for name in resources if (a := self._spent(name, now)) is not None)

    def stop_line(self) -> str | None:
        """Why workers have to stop, if they have to."""
        for account in self.closed(tuple(self._accounts)):
            if account.at_limit == "stop":
                return spent_line(account)
        return None

    @property
    def waiting(self) -> int:
        """How many calls wait."""
        return len(self._waiting)

    @property
    def silent_s(self) -> float | None:
        """For how long no coordinator was heard while calls wait; None if none wait."""
        if not self._waiting:
            return None
        since = self._heard_s if self._heard_s is not None else self._sent_s
        return self._clock.monotonic() - since

    def accounts(self) -> tuple[AccountState, ...]:
        """All budgets, as last heard."""
        return tuple(self._accounts.values())

    def request(self) -> AllowanceRequest | None:
        """What is to be sent now, None if nothing; it has to be sent, whatever it takes."""
        now_s = self._clock.monotonic()
        self._purse.end_leases(now_s)
        self._serve()
        beat = now_s - self._sent_s >= self._settings.beat_s
        active = self._waiting or not self._purse.empty
        more = len(self._waiting) > self._asked
        if not (self._purse.changed or more or (beat and active)):
            return None
        self._sent_s = now_s
        self._asked = len(self._waiting)
        wanted = [entry.needs for entry in self._waiting][:_MOST_WANTED]
        return self._purse.request([*wanted, *self._expected(now_s)], len(wanted), now_s)

    def close(self) -> AllowanceRequest | None:
        """Give everything back; what is to be sent for it."""
        self._purse.return_all()
        self._purse.end_leases(self._clock.monotonic())
        if not self._purse.changed:
            return None
        return self._purse.request((), 0, self._clock.monotonic())

    def _serve(self) -> None:
        now_s = self._clock.monotonic()
        stuck: set[tuple[str, ...]] = set()
        for entry in tuple(self._waiting):
            if entry.served.done():
                self._waiting.remove(entry)
                continue
            try:
                self._refuse(entry.arm, entry.needs)
            except AllowanceRefusedError as refused:
                self._waiting.remove(entry)
                entry.served.set_exception(refused)
                continue
            kind = tuple(sorted(entry.needs))
            if kind in stuck:
                continue
            spent = self._spend(entry.needs, now_s)
            if spent is None:
                stuck.add(kind)
                continue
            self._waiting.remove(entry)
            entry.served.set_result(spent)
        self._asked = min(self._asked, len(self._waiting))

    def _spend(self, needs: Amounts, now_s: float) -> Spent | None:
        spent = self._purse.spend(needs, now_s)
        if spent is not None:
            self._spends.append((now_s, needs))
            self.news.set()
        return spent

    def _refuse(self, arm: str, needs: Amounts) -> None:
        closed = self.closed(tuple(needs))
        if closed:
            raise AllowanceRefusedError(arm, closed)

    def _spent(self, resource: str, now: datetime) -> AccountState | None:
        account = self._accounts.get(resource)
        if account is None or account.spent_since is None or not in_force(account, now):
            return None
        return account

    def _expected(self, now_s: float) -> list[Amounts]:
        """Calls that the next moment will bring if it is like the last second."""
        while self._spends and self._spends[0][0] < now_s - _RATE_OVER_S:
            self._spends.popleft()
        kinds: dict[tuple[str, ...], list[Amounts]] = {}
        for _, needs in self._spends:
            kinds.setdefault(tuple(sorted(needs)), []).append(needs)
        found: list[Amounts] = []
        for same in kinds.values():
            count = min(int(len(same) * _AHEAD_S / _RATE_OVER_S), _MOST_EXPECTED)
            mean = {name: sum(n[name] for n in same) / len(same) for name in same[0]}
            found += [mean] * count
        return found
