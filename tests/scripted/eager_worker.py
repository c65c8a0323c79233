"""A process that makes model calls as fast as it may: all of a worker but its roles.

Run as `python -m tests.scripted.eager_worker --config FILE --calls K`; K calls are always wanted,
round the models of the configuration. Prints `ready:` once it runs, `refused:` when a budget is
spent, and the line to stop with.
"""

import argparse
import asyncio
import logging
import signal
from itertools import cycle
from pathlib import Path

from agents import faust_corrections
from agents.allowances import Allowances
from agents.allowances_coordinator import AllowancesCoordinator
from agents.role_app import RoleApp
from pipeline.allowances.metered import PAYER, Payer
from pipeline.allowances.till import AllowanceRefusedError
from pipeline.clock import SystemClock
from pipeline.config import load_config
from pipeline.models.client import ModelClient

SCHEMA = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}


async def work(path: Path, wanted: int) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    faust_corrections.apply()
    clock = SystemClock()
    config = load_config(path, environ={})
    allowances = Allowances.of(config, clock)
    app = RoleApp("allowances", config.kafka, clock, config.worker)
    coordinator = AllowancesCoordinator(app, allowances.resources, allowances.settings)
    allowances.also_heard = coordinator.heard
    clients = [allowances.metered(ModelClient(arm, clock), arm) for arm in config.models]
    await allowances.start()
    await app.start()
    print("ready:", flush=True)  # noqa: T201
    turns = cycle(clients)
    chat = (("system", "Answer with an object."), ("user", "word " * 240))

    async def caller() -> None:
        PAYER.set(Payer("topic_finder", "news"))
        while not stop.is_set():
            try:
                await next(turns).complete(chat, SCHEMA, 64)
            except AllowanceRefusedError as refused:
                print(f"refused: {refused}", flush=True)  # noqa: T201
                await asyncio.sleep(0.5)

    callers = [asyncio.create_task(caller()) for _ in range(wanted)]
    await stop.wait()
    for task in callers:
        task.cancel()
    await asyncio.gather(*callers, return_exceptions=True)
    await allowances.stop()
    await app.stop()
    for client in clients:
        await client.close()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--calls", type=int, default=20)
    options = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    for noisy in ("faust", "mode", "aiokafka"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    asyncio.run(work(options.config, options.calls))


if __name__ == "__main__":
    main()
