"""Ends a worker that stands still, so that its supervisor starts it afresh.

A partition with lag that does not move is reported first; when it stands for longer than its role
may take, or when the event loop itself hangs, the process ends with EXIT_STATUS. How often that
happened at a message is kept with the broker: after RESTARTS it is dead-lettered, not handled.
"""

import asyncio
import logging
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress

from aiokafka import TopicPartition

from agents.role_app import RoleApp
from agents.stall_book import StallBook
from agents.stalls import Stalls, Standing
from pipeline.errors import RetryableError
from pipeline.metrics import STALLED_PARTITIONS
from schemas.dead_letter import Source

log = logging.getLogger("rolestream.watchdog")

EXIT_STATUS = 75
"""As sysexits.h has it for a failure that passes: a supervisor's restart mends it."""
RESTARTS = 3
"""At one message; then it is dead-lettered instead of handled."""
MOST_RESTARTS = 12
"""At one message that even so does not go away: from then on it is reported only."""
_BEAT_S = 0.5
_GRACE_S = 20.0
_COMMIT_S = 2.0

Standings = Mapping[TopicPartition, Standing]


class StandstillError(RetryableError):
    """The worker does not get on; started afresh it may."""


class Watchdog:
    """Watches the apps of a process; `stalled_after_s` is the time without any progress."""

    def __init__(
        self,
        apps: Sequence[RoleApp],
        book: StallBook,
        stalled_after_s: float,
        monotonic: Callable[[], float] = time.monotonic,
        exit_now: Callable[[int], None] = os._exit,
    ) -> None:
        self._apps = apps
        self._book = book
        self._stalled_after_s = stalled_after_s
        self._monotonic = monotonic
        self._exit_now = exit_now
        self._reported = {app.name: Stalls(stalled_after_s) for app in apps}
        self._late = {app.name: Stalls(stalled_after_s + app.patience_s) for app in apps}
        self._waiting: dict[TopicPartition, Standing] = {}
        self._told_to_give_up: set[Source] = set()
        self._stalled: frozenset[str] = frozenset()
        self._done = threading.Event()
        self._beat_s = monotonic()
        self._tasks: list[asyncio.Task[None]] = []
        self._standstill: asyncio.Future[str] | None = None

    async def start(self) -> None:
        """Hear from the broker at which messages workers were restarted before; then watch."""
        loop = asyncio.get_running_loop()
        self._standstill = loop.create_future()
        await self._refuse_what_stopped_workers()
        self._tasks = [asyncio.create_task(self._beat())]
        self._beat_s = self._monotonic()
        threading.Thread(target=self._guard, args=(loop,), name="watchdog", daemon=True).start()

    async def stop(self) -> None:
        """Watch no more."""
        self._done.set()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def standstill(self) -> str:
        """Returns the line to end with, once the process is to be started afresh."""
        if self._standstill is None:
            return await asyncio.Future[str]()
        return await asyncio.shield(self._standstill)

    def standing_still(self) -> frozenset[str]:
        """The apps with a partition that does not move, for no reason that is known."""
        return self._stalled

    async def look(self, app: RoleApp, own: Standings) -> None:
        """Take in what waits and what is committed on the partitions that `app` works on now."""
        now_s = self._monotonic()
        self._waiting = {
            **{place: at for place, at in self._waiting.items() if place not in own},
            **{place: at for place, at in own.items() if at.waiting},
        }
        stalled, new = self._reported[app.name].observe(own, now_s)
        STALLED_PARTITIONS.labels(app.name.replace("-", "_")).set(len(stalled))
        for place in sorted(new):
            log.warning("%s", self._line(app, place, own[place]))
        late, _ = self._late[app.name].observe(own, now_s)
        waits = app.waits_for() is not None
        self._stalled -= {app.name}
        if stalled and not waits:
            self._stalled |= {app.name}
        ending = self._standstill is None or self._standstill.done()
        if not late or waits or ending:
            return
        messages = [_message(place, own[place]) for place in sorted(late)]
        line = self._line(app, min(late), own[min(late)])
        if await asyncio.to_thread(self._may_restart, messages):
            self._end(line)

    def _line(self, app: RoleApp, place: TopicPartition, at: Standing) -> str:
        reason = app.waits_for()
        full = ", which is all there is room for" if app.delivery.full else ""
        return (
            f"{app.name}: {place.topic}[{place.partition}] has stood still at {at.position} for "
            f"{self._stalled_after_s:g} s or more with {at.waiting} messages waiting; "
            f"{app.delivery.in_flight} are being worked on{full}"
            f"{f'; it waits: {reason}' if reason else ''}"
        )

    def _end(self, line: str) -> None:
        if self._standstill is not None:
            self._standstill.set_result(line)
            threading.Thread(target=self._end_surely, daemon=True).start()

    def _end_surely(self) -> None:
        time.sleep(_GRACE_S)
        self._exit_now(EXIT_STATUS)

    def _may_restart(self, messages: Collection[Source]) -> bool:
        """Count a restart at these messages; False when there were too many of them already."""
        if messages and self._told_to_give_up.issuperset(messages):
            return False
        try:
            count = self._book.count(messages)
        except RetryableError as error:
            log.warning("%s", error)
            return False
        if count <= MOST_RESTARTS:
            return True
        self._told_to_give_up |= set(messages)
        places = ", ".join(message.place for message in messages)
        log.error("restarted %d times at %s and no more: find out what hangs", count, places)
        return False

    async def _beat(self) -> None:
        while True:
            self._beat_s = self._monotonic()
            await asyncio.sleep(_BEAT_S)

    async def _refuse_what_stopped_workers(self) -> None:
        places = [
            (name, number)
            for app in self._apps
            for name in app.kafka_topics
            for number in range(app.kafka.partitions)
        ]
        try:
            counts = await asyncio.to_thread(self._book.read, places)
        except RetryableError as error:
            log.warning("%s", error)
            return
        for app in self._apps:
            app.delivery.refuse(at for at, count in counts.items() if count >= RESTARTS)

    def _guard(self, loop: asyncio.AbstractEventLoop) -> None:
        """Runs in a thread of its own, because a hanging loop runs nothing."""
        main = threading.main_thread().ident or 0
        while not self._done.wait(_BEAT_S):
            hung_s = self._monotonic() - self._beat_s
            if hung_s < self._stalled_after_s:
                continue
            source = next(
                (found for app in self._apps if (found := app.delivery.handled_by(loop))), None
            )
            messages = (
                [source]
                if source is not None
                else [_message(place, at) for place, at in self._waiting.items()]
            )
            if not self._may_restart(messages):
                self._beat_s = self._monotonic()
                continue
            frame = sys._current_frames().get(main)
            where = traceback.extract_stack(frame)[-1] if frame is not None else None
            at = f" in {where.name} ({where.filename}:{where.lineno})" if where else ""
            what = f" while handling {source.place}" if source else ""
            sys.stderr.write(f"Error: the event loop has hung for {hung_s:.0f} s{what}{at}\n")
            sys.stderr.flush()
            for app in self._apps:
                with suppress(Exception):
                    app.commit_from_outside(_COMMIT_S)
            self._exit_now(EXIT_STATUS)


def _message(place: TopicPartition, at: Standing) -> Source:
    return Source(kafka_topic=place.topic, partition=place.partition, offset=at.position)
