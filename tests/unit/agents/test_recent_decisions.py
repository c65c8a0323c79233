"""What is remembered for later feedback is bounded by what takes memory."""

from agents.model_role import RecentDecisions
from pipeline.decisions.serve import Served
from schemas.role_task import RoleTask
from schemas.roles import Role
from tests.role_tasks import role_task, window


def decision(name: str, sentences: int) -> tuple[RoleTask, Served]:
    task = role_task(Role.TOPIC_FINDER, window(["x"] * sentences, window_id=name))
    return task, Served(task, (), {})


def kept(recent: RecentDecisions) -> list[str]:
    return [task.window.window_id for task, _ in recent.of_stream("garden", "walk")]


def test_the_oldest_go_when_there_are_too_many() -> None:
    recent = RecentDecisions(most=2)
    for name in "abc":
        recent.keep(*decision(name, 1))
    assert kept(recent) == ["b", "c"]


def test_large_windows_count_for_more_and_a_repeated_one_once() -> None:
    recent = RecentDecisions(most_sentences=10)
    for name, sentences in (("a", 4), ("b", 4), ("b", 4), ("c", 2)):
        recent.keep(*decision(name, sentences))
    assert kept(recent) == ["a", "b", "c"]
    recent.keep(*decision("d", 5))
    assert kept(recent) == ["c", "d"]
