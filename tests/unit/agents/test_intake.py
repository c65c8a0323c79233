"""Batches on their way to an agent: in order, bounded, forgotten when a partition is taken away."""

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace

from faust.types import TP

from agents.intake import Intake

MOST, MOST_BYTES = 256, 1000
HERE, THERE = TP("raw-news", 0), TP("raw-news", 1)


class Consumer:
    """Keeps what it is told is done."""

    def __init__(self) -> None:
        self.told: list[tuple[TP, list[int]]] = []

    def done(self, tp: TP, offsets: Sequence[int]) -> None:
        self.told.append((tp, list(offsets)))


def put(intake: Intake, tp: TP, *offsets: int, value: bytes = b"") -> Consumer:
    consumer = Consumer()
    intake.put(consumer, tp, [SimpleNamespace(offset=one, value=value) for one in offsets])
    return consumer


async def next_offsets(intake: Intake, count: int) -> list[int]:
    found = []
    async for one in intake.events():
        found.append(one.offset)
        if len(found) == count:
            return found
    return found


async def test_messages_come_in_the_order_they_were_fetched() -> None:
    intake = Intake(MOST, MOST_BYTES)
    reading = asyncio.create_task(next_offsets(intake, 3))
    await asyncio.sleep(0)
    put(intake, HERE, 1, 2)
    put(intake, HERE, 3)
    assert await reading == [1, 2, 3]


async def test_what_is_taken_away_is_not_handled() -> None:
    intake = Intake(MOST, MOST_BYTES)
    put(intake, HERE, 1)
    put(intake, THERE, 7)
    put(intake, HERE, 2)
    intake.drop([HERE])
    assert await next_offsets(intake, 1) == [7]


async def test_no_more_is_fetched_than_has_room() -> None:
    intake = Intake(MOST, MOST_BYTES)
    put(intake, HERE, *range(MOST))
    waiting = asyncio.create_task(intake.room())
    await asyncio.sleep(0)
    assert not waiting.done()
    await next_offsets(intake, MOST // 2 + 1)
    await asyncio.wait_for(waiting, 1)


async def test_bytes_that_wait_are_bounded_too() -> None:
    intake = Intake(MOST, MOST_BYTES)
    put(intake, HERE, 1, value=b"x" * MOST_BYTES)
    waiting = asyncio.create_task(intake.room())
    await asyncio.sleep(0)
    assert not waiting.done()
    intake.drop([HERE])
    await asyncio.wait_for(waiting, 1)


async def test_other_tasks_have_a_turn_however_much_waits() -> None:
    intake = Intake(MOST, MOST_BYTES)
    put(intake, HERE, *range(200))
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    await next_offsets(intake, 200)
    task.cancel()
    assert turns >= 3


async def test_a_batch_in_hand_ends_when_its_partition_is_taken_away() -> None:
    intake = Intake(MOST, MOST_BYTES)
    put(intake, HERE, 1, 2, 3)
    put(intake, THERE, 7)
    found = []
    async for one in intake.events():
        found.append(one.offset)
        if one.offset == 2:
            intake.drop([HERE])
        if one.offset == 7:
            break
    assert found == [1, 2, 7]


async def test_a_batch_in_hand_takes_room_until_it_is_done_with() -> None:
    intake = Intake(2, MOST_BYTES)
    put(intake, HERE, 1, 2)
    waiting = asyncio.create_task(intake.room())
    async for batch in intake.batches():
        await asyncio.sleep(0)
        if batch.tp == THERE:
            break
        assert not waiting.done()
        put(intake, THERE, 3)
    await asyncio.wait_for(waiting, 1)


async def test_what_was_in_hand_gives_its_room_back_once() -> None:
    intake = Intake(4, MOST_BYTES)
    put(intake, HERE, 1, 2)
    async for batch in intake.batches():
        if batch.tp == THERE:
            break
        intake.drop([HERE])
        put(intake, THERE, 3, 4, 5, 6)
    waiting = asyncio.create_task(intake.room())
    await asyncio.sleep(0)
    assert not waiting.done()
    waiting.cancel()


async def test_a_message_is_acknowledged_at_its_consumer() -> None:
    intake = Intake(MOST, MOST_BYTES)
    consumer = put(intake, HERE, 5)
    async for one in intake.events():
        one.ack()
        break
    assert consumer.told == [(HERE, [5])]
