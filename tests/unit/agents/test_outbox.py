"""What the broker refuses is told apart: to be tried again, or never to be taken."""

from collections.abc import Awaitable
from typing import Any, cast

import faust
import pytest
from aiokafka.errors import (
    KafkaConnectionError,
    KafkaError,
    MessageSizeTooLargeError,
    TopicAuthorizationFailedError,
)
from faust.exceptions import ProducerSendError

from agents.outbox import BrokerAwayError, Outbox, Outgoing
from pipeline.config import KafkaSettings
from pipeline.errors import InvalidInputError, RolestreamError


class RefusingProducer:
    """Fails at once, wrapped as Faust's producer does, or when it is asked for the outcome."""

    def __init__(self, error: KafkaError, at_once: bool) -> None:
        self.error = error
        self.at_once = at_once

    async def send(self, *_: Any) -> Awaitable[None]:
        if self.at_once:
            raise ProducerSendError("Error while sending") from self.error
        return self.outcome()

    async def outcome(self) -> None:
        raise self.error

    async def maybe_start_producer(self) -> "RefusingProducer":
        return self


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize(
    ("error", "told"),
    [
        (TopicAuthorizationFailedError("windows"), BrokerAwayError),
        (KafkaConnectionError("gone"), BrokerAwayError),
        (MessageSizeTooLargeError("2 MB"), InvalidInputError),
    ],
)
async def test_a_refusal_says_what_to_do(
    error: KafkaError, told: type[RolestreamError], at_once: bool
) -> None:
    app = cast(faust.App, RefusingProducer(error, at_once))
    outbox = Outbox(app, KafkaSettings(bootstrap_servers="nowhere:1"))
    with pytest.raises(told, match=str(error.args[0])):
        await outbox.send([Outgoing("windows", 0, "key", b"value")])
