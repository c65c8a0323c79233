"""The allowances coordinator: requests in, the ledger out, which is state and grants in one.

Whoever owns the first partition of `allowance-requests` is it. Before it grants anything it writes
a new epoch, reads what all former epochs have left, and goes on from there; what a former
coordinator writes after that does not count. A request is acknowledged once the ledger that
contains it is written.
"""

import asyncio
import logging
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

import faust

from agents.allowances_log import LEDGER_KEY, PARTITION, last_ledgers
from agents.delivery import EventStream, read
from agents.outbox import BrokerAwayError, outgoing
from agents.role_app import RoleApp
from pipeline.allowances.ledger import Ledger, ledger_in_force
from pipeline.allowances.resources import Resources
from pipeline.allowances.words import spent_lines
from pipeline.config.allowances import AllowanceSettings
from schemas.allowances import AllowanceLedger, AllowanceRequest
from schemas.catalogue import ALLOWANCE_REQUESTS, ALLOWANCES
from schemas.codec import DecodeError, decode

log = logging.getLogger("rolestream.allowances")

Event = faust.EventT[Any]
_RETRY_S = 1.0
_SIGN_OF_LIFE_S = 5.0


@dataclass
class _Term:
    """One epoch of this process as coordinator."""

    ledger: Ledger
    epoch: int
    waiting: list[Event] = field(default_factory=list)
    dirty: bool = True
    told: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    wrote_s: float = 0.0


class AllowancesCoordinator:
    """Grants the shares of one deployment while it owns the partition of the requests."""

    def __init__(
        self, role_app: RoleApp, resources: Resources, settings: AllowanceSettings
    ) -> None:
        self._role_app = role_app
        self._resources = resources
        self._settings = settings
        self._term: _Term | None = None
        self._starting = asyncio.Lock()
        self._news = asyncio.Event()
        # Wall-clock time, which another coordinator can go on from, but never going back.
        self._zero_s = time.time() - role_app.clock.monotonic()
        role_app.raw_agent([ALLOWANCE_REQUESTS], self._consume)
        role_app.follow_partitions(self._forget)
        role_app.app.on_partitions_assigned.connect(self._assigned, weak=False)
        role_app.app.task(self._turn_regularly)

    def heard(self, ledger: AllowanceLedger) -> None:
        """Step down if another coordinator has begun."""
        if self._term is not None and ledger.epoch > self._term.epoch:
            log.warning("allowances: epoch %d has begun elsewhere", ledger.epoch)
            self._term = None

    async def _consume(self, stream: EventStream) -> None:
        async for event in stream.noack().events():
            incoming = read(event)
            try:
                request = decode(AllowanceRequest, incoming.value)
            except DecodeError as error:
                await self._role_app.delivery.reject_surely(incoming, "invalid", str(error))
                event.ack()
                continue
            term = await self._current_term()
            term.dirty |= term.ledger.take(request, self._now_s())
            term.waiting.append(event)
            self._news.set()

    async def _current_term(self) -> _Term:
        async with self._starting:
            while self._term is None:
                try:
                    self._term = await self._begin()
                except Exception as error:
                    log.warning("allowances: cannot begin yet, trying again: %r", error)
                    await asyncio.sleep(_RETRY_S)
            return self._term

    async def _begin(self) -> _Term:
        kafka, name = self._role_app.kafka, uuid.uuid4().hex
        before = await last_ledgers(kafka)
        epoch = 1 + max((kept.epoch for kept in before), default=0)
        ledger = Ledger(self._resources, self._settings, epoch, name)
        now = self._role_app.clock.now()
        former = ledger_in_force(before)
        changes = {"coordinator": name, "epoch": epoch, "version": 0, "at": now}
        blank = AllowanceLedger(coordinator=name, epoch=epoch, version=0, at=now)
        await self._write((former or blank).model_copy(update=changes))
        # Read again: a former coordinator may have written up to our claim.
        after = await last_ledgers(kafka)
        if next(k.coordinator for k in after if k.epoch == epoch) != name:
            raise BrokerAwayError("another coordinator began at the same time")
        former = ledger_in_force(kept for kept in after if kept.epoch < epoch) or former
        if former is not None:
            ledger.restore(former, self._now_s(), now)
        log.info("allowances: coordinator of epoch %d", epoch)
        return _Term(ledger, epoch)

    async def _turn_regularly(self) -> None:
        while not self._role_app.app.should_stop:
            term = self._term
            if term is None or not (term.ledger.busy or term.dirty or term.waiting):
                await self._pause(self._settings.beat_s)
                continue
            try:
                await self._turn(term)
            except BrokerAwayError as error:
                # What was granted is not known to anybody; it counts as held until it ends.
                log.warning("allowances: %s; trying again", error)
                term.dirty = True
            await asyncio.sleep(self._settings.tick_s)

    async def _turn(self, term: _Term) -> None:
        now_s, now = self._now_s(), self._role_app.clock.now()
        waiting, term.waiting = term.waiting, []
        # Whoever waits long has to hear that there is a coordinator.
        term.dirty |= term.ledger.turn(now_s, now) | (now_s - term.wrote_s > _SIGN_OF_LIFE_S)
        if term.dirty:
            state = term.ledger.state(now_s, now)
            try:
                await self._write(state)
            except BrokerAwayError:
                term.waiting = [*waiting, *term.waiting]
                raise
            term.dirty, term.wrote_s = False, now_s
            self._tell(term, state)
        for event in waiting:
            event.ack()
        if term.ledger.unknown > term.unknown:
            names = ", ".join(sorted(term.ledger.unknown))
            term.unknown = set(term.ledger.unknown)
            log.warning(
                "allowances: workers ask for %s, which this process does not know: "
                "give all processes the same [limits] and [budget]",
                names,
            )

    def _tell(self, term: _Term, state: AllowanceLedger) -> None:
        lines = set(spent_lines(state, state.at))
        for line in lines - term.told:
            log.warning("%s", line)
        term.told = lines

    async def _pause(self, limit_s: float) -> None:
        self._news.clear()
        try:
            await asyncio.wait_for(self._news.wait(), limit_s)
        except TimeoutError:
            return

    async def _write(self, state: AllowanceLedger) -> None:
        await self._role_app.outbox.send([outgoing(ALLOWANCES, PARTITION, LEDGER_KEY, state)])

    async def _assigned(self, *args: Any, **_: Any) -> None:
        if any(tp.partition == PARTITION for tp in args[1]):
            asyncio.get_running_loop().create_task(self._current_term())

    def _forget(self, partitions: set[int]) -> None:
        if PARTITION in partitions:
            self._term = None

    def _now_s(self) -> float:
        return self._zero_s + self._role_app.clock.monotonic()
