"""Who may have lost its partitions waits until it is sure."""

import asyncio

import pytest

from agents.membership import Membership

SESSION_S = 10.0


class Coordinator:
    """Stands in for aiokafka's: answers heartbeats as told."""

    def __init__(self) -> None:
        self.answers = True
        self.resets = 0
        self.late = asyncio.Event()
        self.late.set()
        self.group_id = "rolestream-topic-finder"
        self._group_instance_id: str | None = None

    async def _do_heartbeat(self) -> bool:
        await self.late.wait()
        return self.answers

    async def _on_join_complete(self, generation: int) -> int:
        return generation

    def reset_generation(self) -> None:
        self.resets += 1


class Group:
    """A membership under a clock that the test sets."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.member = Membership(SESSION_S, lambda: self.now_s)
        self.coordinator = Coordinator()
        self.member.watch(self.coordinator)

    async def join(self) -> None:
        assert await self.coordinator._on_join_complete(3) == 3


@pytest.fixture
def group() -> Group:
    return Group()


async def test_before_the_first_partitions_there_is_nothing_to_lose(group: Group) -> None:
    group.now_s += 1000
    assert group.member.sure


async def test_heartbeats_that_are_answered_keep_it(group: Group) -> None:
    await group.join()
    for _ in range(5):
        group.now_s += 3.0
        assert await group.coordinator._do_heartbeat()
    assert group.member.sure


async def test_who_was_held_up_is_not_sure_until_a_heartbeat_is_answered(group: Group) -> None:
    await group.join()
    group.now_s += SESSION_S
    assert not group.member.sure
    group.coordinator.answers = False
    await group.coordinator._do_heartbeat()
    assert not group.member.sure
    waiting = asyncio.create_task(group.member.hold())
    await asyncio.sleep(0)
    assert not waiting.done()
    group.coordinator.answers = True
    await group.coordinator._do_heartbeat()
    await asyncio.wait_for(waiting, 1.0)


async def test_an_answer_counts_from_when_it_was_asked(group: Group) -> None:
    await group.join()
    group.coordinator.late = asyncio.Event()
    asked = asyncio.create_task(group.coordinator._do_heartbeat())
    await asyncio.sleep(0)
    group.now_s += SESSION_S
    group.coordinator.late.set()
    assert await asked
    assert not group.member.sure


async def test_who_is_thrown_out_is_sure_again_when_it_has_joined(group: Group) -> None:
    await group.join()
    group.coordinator.reset_generation()
    assert group.coordinator.resets == 1
    await group.coordinator._do_heartbeat()
    assert not group.member.sure
    await group.join()
    assert group.member.sure


async def test_who_is_put_out_of_the_group_gives_up_its_lasting_name(
    group: Group, caplog: pytest.LogCaptureFixture
) -> None:
    group.coordinator._group_instance_id = "one"
    await group.join()
    assert group.coordinator._group_instance_id == "one"
    group.coordinator.reset_generation()
    group.coordinator.reset_generation()
    assert group.coordinator._group_instance_id is None
    assert [record.args for record in caplog.records] == [("rolestream-topic-finder", "one")]
