"""Lets state expire: what nobody has written for long gets a tombstone, and compaction frees it."""

import asyncio
import logging

from agents.changelog import ChangelogStore
from agents.outbox import BrokerAwayError
from agents.role_app import RoleApp
from pipeline.metrics import STATE_EXPIRED, STATE_KEYS

log = logging.getLogger("rolestream.expiry")

_LONGEST_PAUSE_S = 60.0
_LOOKS = 8


def let_expire(role_app: RoleApp, store: ChangelogStore, after_s: float) -> None:
    """Have the app remove keys of `store` that were not written for `after_s`, as long as it runs.

    Looked for every eighth of that time, or every minute.
    """

    async def expire_regularly() -> None:
        while not role_app.app.should_stop:
            await asyncio.sleep(min(_LONGEST_PAUSE_S, after_s / _LOOKS))
            before_s = role_app.clock.now().timestamp() - after_s
            try:
                STATE_EXPIRED.labels(store.kafka_topic).inc(await store.expire(before_s))
            except BrokerAwayError as error:
                log.warning("%s: %s; trying again", store.kafka_topic, error)
            STATE_KEYS.labels(store.kafka_topic).set(len(store))

    role_app.app.task(expire_regularly)
