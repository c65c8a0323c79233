"""What a process measures of itself all the time: the broker's answers, lag, calls, loop delay."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from agents.role_app import RoleApp
from agents.stalls import Standing
from agents.watchdog import Watchdog
from agents.web.lag import LagReader, Lags, waiting
from pipeline.config import KafkaSettings
from pipeline.metrics import (
    CALLS_IN_FLIGHT,
    LAG,
    LOOP_LAG,
    MESSAGES_IN_FLIGHT,
    PARTITIONS,
)

log = logging.getLogger("rolestream.web")

_ASK_EVERY_S = 2.0
_TICK_S = 0.25


class Probe:
    """Asks the broker and watches the loop, all the time.

    `inputs` are the Kafka topics of the roles whose lag is asked for; `calls` says how many calls
    each model has in flight; `watchdog` is told what it sees of the apps.
    """

    def __init__(
        self,
        kafka: KafkaSettings,
        apps: Sequence[RoleApp],
        inputs: Mapping[str, tuple[str, ...]],
        calls: Callable[[], Mapping[str, int]],
        watchdog: Watchdog,
    ) -> None:
        self._apps = apps
        self._calls = calls
        self._watchdog = watchdog
        self._reader = LagReader(kafka, inputs)
        self._answered_s: float | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self.lags: Lags = {}

    async def start(self) -> None:
        """Measure from now on."""
        self._tasks = [
            asyncio.create_task(self._ask_regularly()),
            asyncio.create_task(self._watch_loop()),
        ]

    async def stop(self) -> None:
        """Measure no more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._reader.close()

    def broker_ago_s(self) -> float | None:
        """Seconds since the broker answered last; None before it ever did."""
        return None if self._answered_s is None else time.monotonic() - self._answered_s

    def waiting(self) -> dict[str, int]:
        """The lag of each role that was asked for, over all partitions."""
        return waiting(self.lags)

    async def _ask_regularly(self) -> None:
        while True:
            try:
                self.lags = await self._reader.read()
            except (KafkaError, OSError, TimeoutError) as error:
                log.info("the broker does not answer: %r", error)
            except Exception:
                log.exception("a fault of Rolestream itself while asking for lag")
            else:
                self._answered_s = time.monotonic()
                for app in self._apps:
                    await self._watchdog.look(app, self._own(app))
            await asyncio.sleep(_ASK_EVERY_S)

    def set_gauges(self) -> None:
        """Bring the gauges up to date."""
        for app in self._apps:
            role = _role(app)
            assigned = app.assigned or frozenset()
            LAG.labels(role).set(sum(standing.waiting for standing in self._own(app).values()))
            PARTITIONS.labels(role).set(len(assigned))
            MESSAGES_IN_FLIGHT.labels(role).set(app.delivery.in_flight)
        for model, count in self._calls().items():
            CALLS_IN_FLIGHT.labels(model).set(count)

    def _own(self, app: RoleApp) -> dict[TopicPartition, Standing]:
        places = {(place.topic, place.partition) for place in app.assigned or ()}
        known = self.lags.get(_role(app), {})
        return {place: found for place, found in known.items() if tuple(place) in places}

    async def _watch_loop(self) -> None:
        while True:
            due = time.monotonic() + _TICK_S
            await asyncio.sleep(_TICK_S)
            LOOP_LAG.observe(max(time.monotonic() - due, 0.0))


def _role(app: RoleApp) -> str:
    return app.name.replace("-", "_")
