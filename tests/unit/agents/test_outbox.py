"""What is sent is waited for, and what the broker refuses is told apart."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException

from agents.membership import Membership
from agents.outbox import BrokerAwayError, Outbox, Outgoing
from pipeline.config import KafkaSettings
from pipeline.errors import InvalidInputError, RolestreamError

Told = Callable[[KafkaError | None, object], None]


class Delivered:
    """What the client hands out with the broker's word on a message."""

    def topic(self) -> str:
        return "p.windows"


class Client:
    """Stands in for librdkafka's producer: tells what it is told to tell when it is looked at."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.settings = settings
        self.waiting: list[Told] = []
        self.produced: list[tuple[str, bytes | None, bytes, int, Any]] = []
        self.acknowledges = True
        self.full = 0
        self.at_once: KafkaError | None = None
        self.later: KafkaError | None = None

    def produce(
        self,
        kafka_topic: str,
        value: bytes | None,
        key: bytes,
        partition: int,
        on_delivery: Told,
        headers: Any = None,
    ) -> None:
        if self.full:
            self.full -= 1
            raise BufferError
        if self.at_once is not None and len(self.produced) == 1:
            raise KafkaException(self.at_once)
        self.produced.append((kafka_topic, value, key, partition, headers))
        self.waiting.append(on_delivery)

    def poll(self, timeout_s: float) -> None:
        if self.acknowledges:
            told, self.waiting = self.waiting, []
            for tell in told:
                tell(self.later, Delivered())

    def purge(self) -> None:
        self.acknowledges = True
        self.later = KafkaError(KafkaError._PURGE_QUEUE)


class Lapsed(Membership):
    """Not sure until it is released."""

    def __init__(self, session_s: float) -> None:
        super().__init__(session_s)
        self.released = asyncio.Event()

    async def hold(self) -> None:
        await self.released.wait()


def opened() -> tuple[Outbox, Client]:
    clients: list[Client] = []

    def connect(settings: dict[str, Any]) -> Any:
        clients.append(Client(settings))
        return clients[-1]

    outbox = Outbox(KafkaSettings(bootstrap_servers="nowhere:1", kafka_topic_prefix="p."), connect)
    outbox.start()
    return outbox, clients[0]


def message(value: bytes | None = b"value", headers: dict[str, str] | None = None) -> Outgoing:
    return Outgoing("windows", 3, "key", value, headers or {})


async def test_it_returns_when_the_broker_has_all_of_them() -> None:
    outbox, client = opened()
    client.acknowledges = False
    sending = asyncio.create_task(outbox.send([message(), message(None, {"kind": "x"})]))
    await asyncio.sleep(0.005)
    assert client.produced == [
        ("p.windows", b"value", b"key", 3, None),
        ("p.windows", None, b"key", 3, {"kind": "x"}),
    ]
    client.waiting.pop(0)(None, None)
    await asyncio.sleep(0.005)
    assert not sending.done()
    client.acknowledges = True
    await asyncio.wait_for(sending, 1.0)
    outbox.stop()


async def test_order_and_acknowledgement_are_asked_of_the_client() -> None:
    outbox, client = opened()
    assert client.settings["acks"] == "all"
    assert client.settings["max.in.flight.requests.per.connection"] == 1
    outbox.stop()


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize(
    ("code", "told"),
    [
        (KafkaError._MSG_TIMED_OUT, BrokerAwayError),
        (KafkaError.MSG_SIZE_TOO_LARGE, InvalidInputError),
    ],
)
async def test_a_refusal_says_what_to_do(
    code: int, told: type[RolestreamError], at_once: bool
) -> None:
    outbox, client = opened()
    if at_once:
        client.at_once = KafkaError(code, "because")
    else:
        client.later = KafkaError(code, "because")
    with pytest.raises(told, match="because"):
        await outbox.send([message(), message()])
    outbox.stop()


async def test_a_grant_that_is_missing_is_named() -> None:
    outbox, client = opened()
    client.later = KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED, "because")
    with pytest.raises(BrokerAwayError) as told:
        await outbox.send([message()])
    assert str(told.value) == (
        "anonymous may not WRITE the Kafka topic p.windows: have it granted; "
        "docs/security.md lists who needs what"
    )
    outbox.stop()


async def test_nothing_is_sent_while_others_may_have_the_partitions() -> None:
    clients: list[Client] = []

    def connect(settings: dict[str, Any]) -> Any:
        clients.append(Client(settings))
        return clients[-1]

    member = Lapsed(1.0)
    kafka = KafkaSettings(bootstrap_servers="nowhere:1")
    outbox = Outbox(kafka, connect, member)
    outbox.start()
    sending = asyncio.create_task(outbox.send([message()]))
    await asyncio.sleep(0.005)
    assert clients[0].produced == []
    member.released.set()
    await asyncio.wait_for(sending, 1.0)
    assert len(clients[0].produced) == 1
    outbox.stop()


async def test_a_full_buffer_is_waited_for() -> None:
    outbox, client = opened()
    client.full = 2
    await asyncio.wait_for(outbox.send([message()]), 1.0)
    assert len(client.produced) == 1
    outbox.stop()


async def test_what_an_abandoned_task_sent_is_still_waited_for() -> None:
    outbox, client = opened()
    client.acknowledges = False
    sending = asyncio.create_task(outbox.send([message()]))
    await asyncio.sleep(0)
    sending.cancel()
    settling = asyncio.create_task(outbox.settled(5.0))
    await asyncio.sleep(0.005)
    assert not settling.done()
    client.acknowledges = True
    await asyncio.wait_for(settling, 1.0)
    outbox.stop()


async def test_who_stops_waiting_does_not_end_the_wait_of_others() -> None:
    outbox, client = opened()
    client.acknowledges = False
    sending = await outbox.begin([message()])
    first, second = (asyncio.create_task(sending.taken()) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    assert (first.cancelled(), second.done(), sending.failed) == (True, False, False)
    client.acknowledges = True
    await asyncio.wait_for(second, 1.0)
    await asyncio.wait_for(sending.taken(), 1.0)
    outbox.stop()


async def test_what_the_broker_does_not_take_in_time_is_dropped() -> None:
    outbox, client = opened()
    client.acknowledges = False
    sending = asyncio.create_task(outbox.send([message()]))
    await asyncio.sleep(0)
    with pytest.raises(BrokerAwayError):
        await outbox.settled(0.01)
    with pytest.raises(BrokerAwayError):
        await sending
    outbox.stop()
