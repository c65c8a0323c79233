"""Room for messages in flight, by number and by bytes."""

import asyncio

from agents.room import Room


async def test_it_is_bounded_by_number() -> None:
    room = Room(2, 1000)
    await room.enter(1)
    await room.enter(1)
    assert room.full
    third = asyncio.create_task(room.enter(1))
    await asyncio.sleep(0)
    assert not third.done()
    room.leave(1)
    await third
    assert room.taken == 2


async def test_it_is_bounded_by_bytes() -> None:
    room = Room(100, 1000)
    await room.enter(600)
    assert room.has(400)
    assert not room.has(401)
    late = asyncio.create_task(room.enter(500))
    await asyncio.sleep(0)
    assert not late.done()
    room.leave(600)
    await late
    assert room.taken_bytes == 500


async def test_a_message_larger_than_all_room_is_let_in_alone() -> None:
    room = Room(100, 1000)
    await room.enter(5000)
    assert room.full
    assert not room.has(0)
    room.leave(5000)
    assert room.has(5000)
