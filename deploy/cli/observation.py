"""A deployment as `status` and `top` see it: the live page's board, filled from Kafka."""

import asyncio
import logging
from contextlib import suppress
from pathlib import Path
from typing import Self

from aiokafka.errors import KafkaError
from confluent_kafka import Consumer

from agents.reachability import Reachability
from agents.web.lag import LagReader, inputs_of_roles, waiting
from agents.web.live.board import Board, Surroundings
from agents.web.live.feed import Feed
from deploy.cli.cluster import kafka_settings, reader_settings, require_kafka_topic
from deploy.cli.declared_models import read_declared
from pipeline.clock import SystemClock
from pipeline.config import KafkaSettings, ModelSettings, load_config
from pipeline.config.load import with_bootstrap_servers
from pipeline.errors import RetryableError
from schemas.catalogue import ROLE_ASSIGNMENTS, records_kafka_topic

_LAG_EVERY_S = 2.0
_ANSWERED_S = 8.0


class Observation:
    """Looks at a deployment from outside; joins no consumer group and changes nothing.

    The models' prices come from the configuration: without one there is nothing to compare the
    spend with. Raises ConfigurationError when no broker answers or nothing is there.
    """

    def __init__(self, bootstrap_servers: str | None, config_path: Path | None) -> None:
        for name in ("aiokafka", "rolestream.web"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self._lag: dict[str, int] = {}
        self._clock = SystemClock()
        self._answered_s: float | None = None
        self._task: asyncio.Task[None] | None = None
        kafka, domains = _found(kafka_settings(bootstrap_servers, config_path))
        models: tuple[ModelSettings, ...] = ()
        if bootstrap_servers is None or config_path is not None:
            config = with_bootstrap_servers(load_config(config_path), bootstrap_servers)
            models = read_declared(config).live()
        around = Surroundings(lambda: self._lag, self._broker_answers)
        self.board = Board(self._clock, domains, lambda: models, around)
        self._feed = Feed(kafka, domains, self.board)
        self._lags = LagReader(kafka, inputs_of_roles(kafka, domains))

    async def look(self) -> None:
        """Take in what is there now, once. Raises RetryableError when the broker fails."""
        try:
            await self._feed.read_once()
            await self._ask()
        except (KafkaError, OSError, TimeoutError) as error:
            raise RetryableError(f"the broker failed while it was read: {error!r}") from None
        finally:
            await self._lags.close()

    async def __aenter__(self) -> Self:
        """Follow from now on."""
        await self._feed.start()
        self._task = asyncio.create_task(self._ask_regularly())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._feed.stop()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._lags.close()

    async def _ask_regularly(self) -> None:
        while True:
            with suppress(KafkaError, OSError, TimeoutError):
                await self._ask()
            await asyncio.sleep(_LAG_EVERY_S)

    async def _ask(self) -> None:
        self._lag = waiting(await self._lags.read())
        self._answered_s = self._clock.monotonic()

    def _broker_answers(self) -> bool:
        answered_s = self._answered_s
        return answered_s is not None and self._clock.monotonic() - answered_s < _ANSWERED_S


def _found(kafka: KafkaSettings) -> tuple[KafkaSettings, tuple[str, ...]]:
    """The settings with the cluster's partition count, and the domains it has."""
    reachability = Reachability()
    consumer = Consumer(reader_settings(kafka.client_settings(), reachability))
    try:
        partitions = require_kafka_topic(
            reachability, consumer, kafka, kafka.named(ROLE_ASSIGNMENTS)
        )
        prefix = kafka.named(records_kafka_topic(""))
        names = consumer.list_topics(timeout=_ANSWERED_S).topics
    finally:
        consumer.close()
    domains = sorted(name.removeprefix(prefix) for name in names if name.startswith(prefix))
    # `records-state` is a changelog; no domain has that name.
    domains = [name for name in domains if name != "state"]
    return kafka.model_copy(update={"partitions": partitions}), tuple(domains)
