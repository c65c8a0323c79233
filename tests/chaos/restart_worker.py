"""A Faust worker for the restart test: copies every id from one Kafka topic to another.

Run as `python -m tests.chaos.restart_worker '<JSON of WorkerSettings>'`; SIGTERM stops it in order.
"""

import asyncio
import json
import random
import signal
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import Any

import faust

from agents import faust_corrections

STARTED_AT = time.monotonic()


@dataclass(frozen=True)
class WorkerSettings:
    """What one worker process reads, writes and keeps; `app` are settings of the Faust app."""

    bootstrap_servers: str
    group: str
    source: str
    target: str
    corrected: bool
    seed: int
    datadir: str
    pool: int = 64
    handling_s: tuple[float, float] = (0.005, 0.1)
    slow_share: float = 0.05
    slow_s: float = 1.0
    drain_s: float = 3.0
    app: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> str:
        return json.dumps(asdict(self))


def say(event: str) -> None:
    sys.stdout.write(f"{time.monotonic() - STARTED_AT:.3f} {event}\n")
    sys.stdout.flush()


@dataclass
class Pool:
    """The messages in flight; a closed pool leaves what it is offered to the next worker."""

    room: asyncio.Semaphore
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    closed: bool = False

    async def close(self, timeout_s: float) -> None:
        self.closed = True
        if self.tasks:
            await asyncio.wait(self.tasks, timeout=timeout_s)


def build_app(settings: WorkerSettings) -> tuple[faust.App, Pool]:
    app = faust.App(
        settings.group,
        broker=f"kafka://{settings.bootstrap_servers}",
        datadir=settings.datadir,
        web_enabled=False,
        topic_partitions=4,
        topic_disable_leader=True,
        topic_allow_declare=False,
        autodiscover=False,
        **settings.app,
    )
    source = app.topic(settings.source, key_serializer="raw", value_serializer="raw")
    target = app.topic(settings.target, key_serializer="raw", value_serializer="raw")
    chance = random.Random(settings.seed)
    pool = Pool(asyncio.Semaphore(settings.pool))
    first = [True]

    async def handle(event: faust.EventT[Any], delay_s: float) -> None:
        try:
            await asyncio.sleep(delay_s)
            value = event.message.value or b""
            sent = await target.send(key=event.message.key, value=value)
            await sent
            event.ack()
        finally:
            pool.room.release()

    @app.agent(source)
    async def copy(stream: Any) -> None:
        async for event in stream.noack().events():
            if first[0]:
                say("first message")
                first[0] = False
            await pool.room.acquire()
            if pool.closed:
                pool.room.release()
                continue
            slow = chance.random() < settings.slow_share
            delay_s = settings.slow_s if slow else chance.uniform(*settings.handling_s)
            task = asyncio.create_task(handle(event, delay_s))
            pool.tasks.add(task)
            task.add_done_callback(pool.tasks.discard)

    return app, pool


async def run(settings: WorkerSettings) -> None:
    if settings.corrected:
        faust_corrections.apply()
    app, pool = build_app(settings)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    app.finalize()
    async with app:
        say("started")
        ended = asyncio.create_task(app.wait_until_stopped())
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({ended, stopping}, return_when=asyncio.FIRST_COMPLETED)
        say("stopping")
        if not app.conf.stream_wait_empty and app.crash_reason is None:
            await pool.close(settings.drain_s)
            await app.consumer.commit()
    say("stopped")
    if app.crash_reason is not None:
        raise app.crash_reason


if __name__ == "__main__":
    import logging

    logging.basicConfig(level=logging.INFO, format="%(relativeCreated)d %(name)s %(message)s")
    asyncio.run(run(WorkerSettings(**json.loads(sys.argv[1]))))
