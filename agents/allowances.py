"""A worker's link to the allowances coordinator: sends requests, hears ledgers, says what is spent.

With nothing limited it does nothing at all.
"""

import asyncio
import logging
import uuid
from collections.abc import Callable

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from agents.allowances_log import PARTITION, LedgerTail
from agents.connection import plain_producer
from pipeline.allowances.metered import MeteredClient
from pipeline.allowances.purse import Purse
from pipeline.allowances.resources import Resources
from pipeline.allowances.till import Till
from pipeline.allowances.words import account_name, in_force, spent_lines
from pipeline.clock import Clock
from pipeline.config import Config, KafkaSettings, ModelSettings
from pipeline.config.allowances import AllowanceSettings
from pipeline.metrics import BUDGET_LEFT, BUDGET_SPENT
from pipeline.models.endpoint import Completes
from schemas.allowances import AllowanceLedger, AllowanceRequest
from schemas.catalogue import ALLOWANCE_REQUESTS
from schemas.codec import encode

log = logging.getLogger("rolestream.allowances")

_GAP_S = 0.05
_CLOSE_S = 2.0
_RETRY_S = 0.5
_WARN_AFTER_S = 15.0


class Allowances:
    """The allowances of one worker process."""

    def __init__(
        self,
        kafka: KafkaSettings,
        resources: Resources,
        settings: AllowanceSettings,
        clock: Clock,
    ) -> None:
        self.resources = resources
        self.settings = settings
        self.also_heard: Callable[[AllowanceLedger], None] = lambda ledger: None
        self.stopping = asyncio.Event()
        self._clock = clock
        self._kafka = kafka
        self._worker = uuid.uuid4().hex
        self.till = Till(Purse(self._worker), settings, clock)
        self._tail = LedgerTail(kafka, self._heard)
        self._producer: AIOKafkaProducer | None = None
        self._task: asyncio.Task[None] | None = None
        self._ending = False
        self._told: set[str] = set()
        self._warned_s = float("-inf")

    @classmethod
    def of(cls, config: Config, clock: Clock) -> "Allowances":
        """As the configuration says."""
        resources = Resources(config.limits, config.budget, config.allowances.window_s)
        return cls(config.kafka, resources, config.allowances, clock)

    def metered(self, client: Completes, arm: ModelSettings) -> Completes:
        """The client of an arm, which pays before it calls."""
        if not self.resources:
            return client
        return MeteredClient(client, arm, self.resources, self.till, self._clock)

    async def start(self) -> None:
        """Hear the ledger there is, then follow it and send requests."""
        if not self.resources:
            return
        self._producer = plain_producer(self._kafka)
        await self._producer.start()
        await self._tail.start()
        self._task = asyncio.create_task(self._send_regularly())

    async def stop(self) -> None:
        """Give back what is unspent, and stop."""
        if self._task is not None:
            # Not cancelled at once: what a request in flight reports must not get lost.
            self._ending = True
            self.till.news.set()
            done, _ = await asyncio.wait([self._task], timeout=_CLOSE_S)
            if done:
                await self._give_back()
            else:
                self._task.cancel()
                await asyncio.gather(self._task, return_exceptions=True)
            await self._tail.stop()
        if self._producer is not None:
            await self._producer.stop()

    async def _give_back(self) -> None:
        try:
            await asyncio.wait_for(self._send(self.till.close()), _CLOSE_S)
        except (TimeoutError, KafkaError) as error:
            log.warning("allowances: what is unspent could not be given back: %r", error)

    async def _send_regularly(self) -> None:
        while not self._ending:
            self.till.news.clear()
            request = self.till.request()
            if request is not None:
                await self._send_surely(request)
                self._warn()
                await asyncio.sleep(_GAP_S)
            try:
                await asyncio.wait_for(self.till.news.wait(), self.settings.beat_s / 2)
            except TimeoutError:
                continue

    async def _send_surely(self, request: AllowanceRequest) -> None:
        while True:
            try:
                await self._send(request)
            except KafkaError as error:
                log.warning("allowances: the broker did not take a request: %r", error)
                await asyncio.sleep(_RETRY_S)
            else:
                return

    async def _send(self, request: AllowanceRequest | None) -> None:
        if request is None or self._producer is None:
            return
        topic, key = self._kafka.named(ALLOWANCE_REQUESTS), self._worker.encode()
        await self._producer.send_and_wait(topic, encode(request), key, PARTITION)

    def _warn(self) -> None:
        silent_s, now_s = self.till.silent_s, self._clock.monotonic()
        if silent_s is None or min(silent_s, now_s - self._warned_s) < _WARN_AFTER_S:
            return
        self._warned_s = now_s
        log.warning(
            "no allowances coordinator was heard for %.0f s, %d calls wait for their allowance",
            silent_s,
            self.till.waiting,
        )

    def _heard(self, ledger: AllowanceLedger) -> None:
        self.also_heard(ledger)
        self.till.hear(ledger)
        now = self._clock.now()
        for account in self.till.accounts():
            name = account_name(account)
            spent = account.spent_usd if in_force(account, now) else 0.0
            BUDGET_LEFT.labels(name).set(max(0.0, account.limit_usd - spent))
            closed = account.spent_since is not None and in_force(account, now)
            BUDGET_SPENT.labels(name, account.at_limit).set(closed)
        lines = set(spent_lines(ledger, now))
        for line in lines - self._told:
            log.warning("%s", line)
        self._told = lines
        if self.till.stop_line() is not None:
            self.stopping.set()
