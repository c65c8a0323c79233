"""Batches on their way from the broker to an intake: none that a rebalance made stale comes in."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.consumer.fetcher import Fetcher, FetchResult, PartitionRecords
from aiokafka.errors import KafkaError
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from faust.transport.drivers import aiokafka as driver

from agents import faust_corrections
from agents.intake import AppWithIntake, Intake
from tests.unit.agents.test_faust_corrections import PARTITION, ignore


class Fetching:
    """A consumer whose fetches return what a test puts there, and whose seeks are counted."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        app = AppWithIntake("fetching", broker="kafka://127.0.0.1:1", web_enabled=False)
        app.topics._acking_topics.add(PARTITION.topic)
        self.app = app
        self.intake = app.intake = Intake(100, 1000)
        self.consumer: Any = faust_corrections.StrictConsumer(app.transport, *[ignore] * 3)
        self.batches: asyncio.Queue[list[int]] = asyncio.Queue()
        self.seeks = 0
        self.seek_fails = 0
        self.seek_error: Exception = KafkaError("away")

        async def fetch(_: Any, timeout: float) -> Any:  # noqa: ASYNC109 - Faust's own
            if not self.consumer.flow_active:
                await self.consumer.can_resume_flow.wait()
            records = [SimpleNamespace(offset=n, value=b"") for n in await self.batches.get()]
            return {TopicPartition(*PARTITION): records}, {PARTITION}

        async def seek() -> None:
            self.seeks += 1
            if self.seeks <= self.seek_fails:
                raise self.seek_error

        monkeypatch.setattr(driver.Consumer, "_wait_next_records", fetch)
        monkeypatch.setattr(self.consumer, "perform_seek", seek)
        monkeypatch.setattr(faust_corrections, "_SEEK_AGAIN_S", 0.0)
        fetcher = SimpleNamespace(should_stop=False)
        self.task = asyncio.create_task(self.consumer._drain_messages(fetcher))

    async def settle(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0)

    @property
    def taken(self) -> list[int]:
        return [one.offset for batch in self.intake._waiting for one in batch]


async def test_the_first_batch_after_a_rebalance_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    fetching = Fetching(monkeypatch)
    fetching.consumer.stop_flow()
    await fetching.settle()
    fetching.app.consumer_generation_id += 1
    fetching.batches.put_nowait([5, 6])
    fetching.consumer.resume_flow()
    await fetching.settle()
    assert fetching.taken == [5, 6]
    assert fetching.seeks == 0
    fetching.task.cancel()


@pytest.mark.parametrize(
    ("seek_fails", "error"),
    [(0, KafkaError("away")), (2, KafkaError("away")), (2, AssertionError("nothing assigned"))],
)
async def test_what_is_fetched_during_a_rebalance_is_read_again(
    monkeypatch: pytest.MonkeyPatch, seek_fails: int, error: Exception
) -> None:
    fetching = Fetching(monkeypatch)
    fetching.seek_fails, fetching.seek_error = seek_fails, error
    await fetching.settle()
    fetching.app.consumer_generation_id += 1
    fetching.batches.put_nowait([5, 6])
    await asyncio.sleep(0.02)
    assert fetching.seeks == seek_fails + 1
    fetching.batches.put_nowait([4, 5])
    await fetching.settle()
    assert fetching.taken == [4, 5]
    fetching.task.cancel()


async def test_nothing_comes_in_while_partitions_are_taken_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fetching = Fetching(monkeypatch)
    await fetching.settle()

    async def commit() -> bool:
        fetching.batches.put_nowait([7])
        await fetching.settle()
        return True

    monkeypatch.setattr(fetching.consumer, "commit", commit)
    await fetching.consumer.on_partitions_revoked({PARTITION})
    assert (fetching.taken, fetching.seeks) == ([], 0)
    fetching.consumer.resume_flow()
    fetching.batches.put_nowait([7])
    await fetching.settle()
    assert (fetching.taken, fetching.seeks) == ([7], 1)
    fetching.task.cancel()


def test_records_are_left_as_they_were_parsed() -> None:
    builder = DefaultRecordBatchBuilder(2, 0, False, -1, -1, 0, 10_000)
    sent = [(b"k", b"v", [("traceparent", b"t")]), (None, None, []), (b"", b"w", [("h", None)])]
    for place, (key, value, headers) in enumerate(sent):
        builder.append(place, timestamp=1, key=key, value=value, headers=headers)
    state = SimpleNamespace(paused=False, position=1, consumed_to=lambda position: None)
    assignment = SimpleNamespace(active=True, state_value=lambda tp: state)
    found = []
    for lean in (False, True):
        records = PartitionRecords(
            TopicPartition(*PARTITION),
            MemoryRecords(bytes(builder.build())),
            [],
            1,
            None,
            None,
            check_crcs=True,
            isolation_level=0,
        )
        fetched = FetchResult(
            TopicPartition(*PARTITION),
            assignment=assignment,
            partition_records=records,
            backoff=0.0,
        )
        if lean:
            faust_corrections.leave_as_parsed(fetched)
        found.append(fetched.getall())
    copied, lean_ones = found
    assert not any(isinstance(one, ConsumerRecord) for one in lean_ones)
    for one, other in zip(copied, lean_ones, strict=True):
        for name in ("offset", "key", "value"):
            assert getattr(one, name) == getattr(other, name)
        assert list(one.headers) == list(other.headers)
    assert [one.offset for one in lean_ones] == [1, 2]


@pytest.mark.parametrize(("waits_s", "asked"), [(0.1, [[1]]), (None, [])])
async def test_partitions_without_anything_are_not_asked_for_by_themselves(
    waits_s: float | None, asked: list[list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    fetcher: Any = object.__new__(Fetcher)
    fetcher.__dict__.update(
        _in_flight=set(),
        _preferred_read_replica={},
        _client=SimpleNamespace(cluster=SimpleNamespace(leader_for_partition=lambda tp: 0)),
        _prefetch_backoff=waits_s,
        _fetch_max_wait_ms=1500,
        _fetch_min_bytes=1,
        _fetch_max_bytes=1,
        _max_partition_fetch_bytes=1,
        _isolation_level=0,
        _client_rack=None,
        _fetcher_timeout=0.2,
    )
    app = AppWithIntake("asking", broker="kafka://127.0.0.1:1", web_enabled=False)
    consumer = faust_corrections.StrictConsumer(app.transport, *[ignore] * 3)
    thread: Any = consumer._new_consumer_thread()
    monkeypatch.setattr(driver.AIOKafkaConsumerThread, "on_start", ignore)
    monkeypatch.setattr(thread, "_consumer", SimpleNamespace(_fetcher=fetcher))
    if waits_s is None:
        await thread.on_start()
    busy, quiet = TopicPartition("work", 0), TopicPartition("work", 1)
    waiting = FetchResult(
        busy, assignment=None, partition_records=None, backoff=fetcher._prefetch_backoff
    )
    waiting._created -= 30.0
    fetcher._records = {busy: waiting}
    state = SimpleNamespace(has_valid_position=True, paused=False, position=3)
    assignment = SimpleNamespace(tps=[busy, quiet], state_value=lambda tp: state)
    requests = fetcher._get_actions_per_node(assignment)[0]
    found = [
        [partition for partition, *_ in partitions]
        for _, request in requests
        for _, partitions in request._topics
    ]
    assert found == asked
