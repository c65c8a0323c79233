"""A head start is given where it does no harm; what was begun is used for the same bytes only."""

import asyncio

import pytest

from agents.head_start import HeadStart
from schemas.role_task import RoleTask
from schemas.roles import Role
from tests.role_tasks import role_task, window


def task_of(stream: str, number: int, attempt: int = 1) -> RoleTask:
    made = window([f"Sentence {number}."]).model_copy(
        update={"stream_id": stream, "window_id": f"{stream}-{number}"}
    )
    return role_task(Role.TOPIC_FINDER, made).model_copy(update={"attempt": attempt})


class Starts:
    """Head starts of a role that serves when it is let go."""

    def __init__(self) -> None:
        self.allowed = True
        self.served: list[str] = []
        self.go = asyncio.Event()
        self.head = HeadStart(lambda partition: self.allowed, self._serve)

    async def _serve(self, task: RoleTask, partition: int) -> str:
        self.served.append(task.window.window_id)
        await self.go.wait()
        return f"served {task.window.window_id}"

    async def send(self, task: RoleTask, partition: int = 0) -> bytes:
        value = task.model_dump_json().encode()
        self.head.sent(task, partition, value)
        await asyncio.sleep(0)
        return value

    async def known(self, stream: str, partition: int = 0) -> None:
        """The role is done with the first task of a stream."""
        task = task_of(stream, 0)
        await self.send(task, partition)
        self.head.handled(task, partition)


async def test_what_was_begun_is_taken_once_and_by_its_bytes() -> None:
    starts = Starts()
    await starts.known("a")
    value = await starts.send(task_of("a", 1))
    assert starts.served == ["a-1"]
    assert starts.head.take(0, value + b" ") is None
    assert starts.head.take(1, value) is None
    begun = starts.head.take(0, value)
    assert begun is not None
    starts.go.set()
    assert await begun.made == "served a-1"
    assert starts.head.take(0, value) is None


async def test_none_for_the_first_task_of_a_stream_nor_behind_one_that_is_not_done() -> None:
    starts = Starts()
    await starts.send(task_of("a", 0))
    await starts.send(task_of("a", 1))
    starts.head.handled(task_of("a", 0), 0)
    await starts.send(task_of("a", 2))
    assert starts.served == []
    starts.head.handled(task_of("a", 2), 0)
    await starts.send(task_of("a", 3))
    assert starts.served == ["a-3"]


async def test_another_attempt_at_a_window_is_not_the_one_that_was_sent() -> None:
    starts = Starts()
    await starts.send(task_of("a", 1, attempt=2))
    starts.head.handled(task_of("a", 1, attempt=1), 0)
    await starts.send(task_of("a", 2))
    assert starts.served == []


async def test_none_where_the_role_may_not() -> None:
    starts = Starts()
    await starts.known("a")
    starts.allowed = False
    assert starts.head.take(0, await starts.send(task_of("a", 1))) is None
    assert starts.served == []


async def test_traced_tasks_are_served_in_their_own_span(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agents.head_start.traces_are_kept", lambda: True)
    starts = Starts()
    await starts.known("a")
    await starts.send(task_of("a", 1))
    assert starts.served == []


@pytest.mark.parametrize("way", ["forget", "keep"])
async def test_what_is_taken_away_ends(way: str) -> None:
    starts = Starts()
    await starts.known("a", 0)
    await starts.known("b", 1)
    gone, stays = await starts.send(task_of("a", 1), 0), await starts.send(task_of("b", 1), 1)
    begun = next(iter(starts.head._begun.values()))
    if way == "forget":
        starts.head.forget([0])
    else:
        starts.head.keep({1})
    assert starts.head.take(0, gone) is None
    await asyncio.sleep(0)
    assert begun.made.cancelled()
    assert starts.head.take(1, stays) is not None
    await starts.send(task_of("a", 2), 0)
    assert "a-2" not in starts.served


async def test_those_that_never_come_make_room() -> None:
    starts = Starts()
    values = []
    for number in range(70):
        await starts.known(f"s{number}")
        values.append(await starts.send(task_of(f"s{number}", 1)))
    assert starts.head.take(0, values[0]) is None
    assert starts.head.take(0, values[-1]) is not None
    assert len(starts.served) == 70
