"""The commit rule: never past a message that was read and is not acknowledged."""

from types import SimpleNamespace

import faust
import pytest
from aiokafka import TopicPartition
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from hypothesis import given
from hypothesis import strategies as st

from agents import faust_corrections
from pipeline.errors import ConfigurationError

PARTITION = TP("work", 0)


async def ignore(*_: object) -> None:
    return None


def consumer_of(kind: type[driver.Consumer]) -> driver.Consumer:
    app = faust.App("commit-rule", broker="kafka://127.0.0.1:1", web_enabled=False)
    app.topics._acking_topics.add(PARTITION.topic)
    return kind(app.transport, ignore, ignore, ignore)


def read(consumer: driver.Consumer, offset: int) -> faust.types.ConsumerMessage:
    record = SimpleNamespace(
        topic=PARTITION.topic,
        partition=PARTITION.partition,
        offset=offset,
        timestamp=0,
        timestamp_type=0,
        headers=[],
        key=b"",
        value=b"",
        checksum=None,
        serialized_key_size=0,
        serialized_value_size=0,
    )
    message = consumer._to_message(PARTITION, record)
    message.incref()
    return message


@pytest.mark.parametrize(
    ("committed", "offsets", "acked", "faust_commits"),
    [
        pytest.param(None, [0, 1, 2, 3], [1, 2], 3, id="nothing committed yet"),
        pytest.param(None, [7, 8, 9], [9], 10, id="nothing committed, old log"),
        pytest.param(10, [10, 11, 12], [11], 12, id="one message missing in front"),
    ],
)
def test_a_message_in_flight_holds_the_commit(
    committed: int | None, offsets: list[int], acked: list[int], faust_commits: int
) -> None:
    expected = {driver.Consumer: faust_commits, faust_corrections.StrictConsumer: None}
    for kind, commit in expected.items():
        consumer = consumer_of(kind)
        consumer._committed_offset[PARTITION] = committed
        messages = {offset: read(consumer, offset) for offset in offsets}
        for offset in acked:
            messages[offset].ack(consumer)
        assert consumer._new_offset(PARTITION) == commit


def test_offsets_the_log_does_not_hold_do_not_hold_the_commit() -> None:
    consumer = consumer_of(faust_corrections.StrictConsumer)
    consumer._committed_offset[PARTITION] = 3
    messages = [read(consumer, offset) for offset in (5, 9, 12)]
    messages[0].ack(consumer)
    messages[2].ack(consumer)
    assert consumer._new_offset(PARTITION) == 9
    messages[1].ack(consumer)
    assert consumer._new_offset(PARTITION) == 13


def test_a_message_read_again_after_a_seek_is_awaited_once() -> None:
    consumer = consumer_of(faust_corrections.StrictConsumer)
    for offset in (0, 1):
        read(consumer, offset)
    for offset in (0, 1):
        read(consumer, offset).ack(consumer)
    assert consumer._new_offset(PARTITION) == 2
    consumer._committed_offset[PARTITION] = 2
    read(consumer, 1)
    read(consumer, 2).ack(consumer)
    assert consumer._new_offset(PARTITION) == 3


@given(st.permutations(range(12)), st.sets(st.integers(0, 11)), st.integers(0, 50))
def test_a_commit_is_always_the_lowest_unacknowledged_offset(
    order: list[int], commit_after: set[int], base: int
) -> None:
    consumer = consumer_of(faust_corrections.StrictConsumer)
    messages = [read(consumer, base + index) for index in range(12)]
    done: set[int] = set()
    for step, index in enumerate(order):
        messages[index].ack(consumer)
        done.add(index)
        lowest = next((one for one in range(12) if one not in done), 12)
        if step in commit_after:
            offset = consumer._new_offset(PARTITION)
            assert offset in (None, base + lowest)
    assert consumer._new_offset(PARTITION) in (None, base + 12)
    assert not consumer._unfinished[PARTITION]


@given(st.permutations(range(8)), st.sets(st.integers(0, 7)), st.integers(0, 9))
def test_what_is_done_by_the_batch_is_committed_as_what_is_acknowledged_one_by_one(
    order: list[int], commit_after: set[int], again_from: int
) -> None:
    batched, single = (consumer_of(faust_corrections.StrictConsumer) for _ in range(2))
    for one in (batched, single):
        one._committed_offset[PARTITION] = 2
    records = [SimpleNamespace(offset=2 * n, value=b"") for n in range(8)]
    assert batched._new(PARTITION, records) == records
    batched._read_offset[PARTITION] = again_from
    later = batched._new(PARTITION, records)
    assert [one.offset for one in later] == [2 * n for n in range(8) if 2 * n >= again_from]
    messages = [read(single, 2 * n) for n in range(8)]
    for step, index in enumerate(order):
        batched.done(PARTITION, [2 * index, 2 * index])
        messages[index].ack(single)
        if step in commit_after:
            assert batched._new_offset(PARTITION) == single._new_offset(PARTITION)
    assert batched._new_offset(PARTITION) == single._new_offset(PARTITION)


async def test_a_revoke_commits_first_and_then_forgets(monkeypatch: pytest.MonkeyPatch) -> None:
    consumer = consumer_of(faust_corrections.StrictConsumer)
    committed: list[int | None] = []

    async def commit() -> bool:
        committed.append(consumer._new_offset(PARTITION))
        return True

    async def wind_down(_: object) -> None:
        messages[1].ack(consumer)
        await commit()

    monkeypatch.setattr(consumer, "commit", commit)
    monkeypatch.setattr(consumer, "_on_partitions_revoked", wind_down)
    messages = [read(consumer, offset) for offset in range(4)]
    messages[0].ack(consumer)
    messages[2].ack(consumer)
    await consumer.on_partitions_revoked({PARTITION})
    assert committed == [1, 3]
    messages[3].ack(consumer)
    assert consumer._new_offset(PARTITION) is None


async def test_a_partition_without_a_commit_is_read_from_its_beginning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    consumer = consumer_of(faust_corrections.StrictConsumer)
    kept = TP("work", 1)
    sought: list[TP] = []

    async def seek_to_committed() -> dict[TP, int | None]:
        return {PARTITION: None, kept: 5}

    async def seek_to_beginning(*partitions: TP) -> None:
        sought.extend(partitions)

    monkeypatch.setattr(consumer, "seek_to_committed", seek_to_committed)
    monkeypatch.setattr(consumer, "assignment", lambda: {PARTITION, kept})
    monkeypatch.setattr(consumer._thread, "seek_to_beginning", seek_to_beginning)
    await consumer.perform_seek()
    assert [type(one) for one in sought] == [TopicPartition]
    assert sought == [TopicPartition(*PARTITION)]


async def test_a_position_that_is_not_set_yet_crashes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def no_position(*_: object) -> None:
        raise AssertionError

    for kind in (driver.Consumer, faust_corrections.StrictConsumer):
        monkeypatch.setattr(kind, "verify_event_path", no_position)
        monkeypatch.setattr(kind, "assignment", lambda _: {PARTITION})
    with pytest.raises(AssertionError):
        await consumer_of(driver.Consumer).verify_all_partitions_active()
    await consumer_of(faust_corrections.StrictConsumer).verify_all_partitions_active()


def test_another_faust_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faust, "__version__", "0.16.0")
    with pytest.raises(ConfigurationError, match=r"faust-streaming 0\.16\.0 is installed"):
        faust_corrections.apply()


def test_apply_makes_new_apps_strict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver.Transport, "Consumer", driver.Consumer)
    faust_corrections.apply()
    faust_corrections.apply()
    app = faust.App("applied", broker="kafka://127.0.0.1:1", web_enabled=False)
    assert type(app.consumer) is faust_corrections.StrictConsumer
