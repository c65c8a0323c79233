"""Follows the changes of the pool, so that a running worker has the arms that are wanted now."""

import logging
from collections.abc import Callable

from agents.tail import Tail
from pipeline.config import KafkaSettings, ModelSettings
from pipeline.errors import ConfigurationError
from pipeline.metrics import POOL_CHANGES
from pipeline.models.declared import DeclaredModels
from pipeline.models.endpoint import Completes
from pipeline.models.pool import ModelPool
from schemas.catalogue import MODEL_POOL
from schemas.codec import DecodeError, decode
from schemas.pool_change import PoolChange

log = logging.getLogger("rolestream.hot_pool")


class HotPool:
    """Applies what is said on `model-pool` to what is declared and to the pool of this process.

    `connect` makes an arm's client; its ConfigurationError, a missing key say, refuses the arm
    here, and nothing else happens.
    """

    def __init__(
        self,
        kafka: KafkaSettings,
        declared: DeclaredModels,
        pool: ModelPool,
        connect: Callable[[ModelSettings], Completes],
    ) -> None:
        self._declared = declared
        self._pool = pool
        self._connect = connect
        self._tail = Tail(kafka, MODEL_POOL, self.heard, from_start=True)

    async def start(self) -> None:
        """Take in all changes there are, then follow."""
        await self._tail.start()

    async def stop(self) -> None:
        """Stop following."""
        await self._tail.stop()

    def heard(self, name: str, value: bytes | None) -> None:
        """Apply one message."""
        try:
            change = None if value is None else decode(PoolChange, value)
        except DecodeError as error:
            log.warning("ignored a change of the pool that cannot be read: %s", error)
            POOL_CHANGES.labels("unreadable").inc()
            return
        if change is not None and change.declaration.name != name:
            log.warning(
                "ignored a change of the arm %s under the key %s", change.declaration.name, name
            )
            POOL_CHANGES.labels("unreadable").inc()
            return
        settings = self._declared.change(name, change)
        if settings is None:
            self._pool.retire(name)
        elif name not in self._pool or self._pool.settings(name) != settings:
            try:
                self._pool.put(settings, self._connect(settings))
            except ConfigurationError as error:
                self._pool.retire(name)
                log.warning("the arm %s is not used by this worker: %s", name, error)
                POOL_CHANGES.labels("refused").inc()
                return
        POOL_CHANGES.labels("applied").inc()
