"""Batches on their way to an agent: in order, bounded, forgotten when a partition is taken away."""

import asyncio
from types import SimpleNamespace

from faust.types import TP

from agents.intake import Intake, Taken

MOST, MOST_BYTES = 256, 1000
HERE, THERE = TP("raw-news", 0), TP("raw-news", 1)


def taken(tp: TP, offset: int, value: bytes = b"") -> Taken:
    acked: list[int] = []
    consumer = SimpleNamespace(ack=lambda one: acked.append(one.offset), acked=acked)
    return Taken(consumer, tp, SimpleNamespace(offset=offset, value=value))


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
    intake.put([taken(HERE, 1), taken(HERE, 2)])
    intake.put([taken(HERE, 3)])
    assert await reading == [1, 2, 3]


async def test_what_is_taken_away_is_not_handled() -> None:
    intake = Intake(MOST, MOST_BYTES)
    intake.put([taken(HERE, 1), taken(THERE, 7), taken(HERE, 2)])
    intake.drop([HERE])
    assert await next_offsets(intake, 1) == [7]


async def test_no_more_is_fetched_than_has_room() -> None:
    intake = Intake(MOST, MOST_BYTES)
    intake.put(taken(HERE, offset) for offset in range(MOST))
    waiting = asyncio.create_task(intake.room())
    await asyncio.sleep(0)
    assert not waiting.done()
    await next_offsets(intake, MOST // 2 + 1)
    await asyncio.wait_for(waiting, 1)


async def test_bytes_that_wait_are_bounded_too() -> None:
    intake = Intake(MOST, MOST_BYTES)
    intake.put([taken(HERE, 1, b"x" * MOST_BYTES)])
    waiting = asyncio.create_task(intake.room())
    await asyncio.sleep(0)
    assert not waiting.done()
    intake.drop([HERE])
    await asyncio.wait_for(waiting, 1)


async def test_other_tasks_have_a_turn_however_much_waits() -> None:
    intake = Intake(MOST, MOST_BYTES)
    intake.put(taken(HERE, offset) for offset in range(200))
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


def test_a_message_is_acknowledged_at_its_consumer() -> None:
    one = taken(HERE, 5)
    one.ack()
    assert one._consumer.acked == [5]
