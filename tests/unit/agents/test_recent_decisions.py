"""What is remembered for later feedback is whole, and bounded by what takes memory."""

from agents.recent_decisions import RecentDecisions
from pipeline.decisions.serve import Served
from schemas.codec import encode
from schemas.role_task import RoleTask
from schemas.roles import Role
from tests.role_tasks import role_task, window


def decision(name: str, sentences: int = 1, stream: str = "walk") -> tuple[RoleTask, Served]:
    texts = ["x" * 100] * sentences
    task = role_task(Role.TOPIC_FINDER, window(texts, window_id=name, stream_id=stream))
    return task, Served(task, (), {"arm": task})


def kept(recent: RecentDecisions, stream: str = "walk") -> list[str]:
    found = recent.of_stream("garden", stream)
    return [version.window.window_id for _, versions in found for version in versions.values()]


def test_a_stream_finds_its_own_as_they_were() -> None:
    recent = RecentDecisions()
    for name, stream in (("a", "walk"), ("b", "run")):
        recent.keep(*decision(name, stream=stream))
    [(events, versions)] = recent.of_stream("garden", "run")
    assert events == ()
    assert versions == decision("b", stream="run")[1].versions


def test_the_oldest_go_when_there_are_too_many() -> None:
    recent = RecentDecisions(most=2)
    for name in "abc":
        recent.keep(*decision(name))
    assert kept(recent) == ["b", "c"]


def test_large_windows_count_for_more_and_a_repeated_one_once() -> None:
    def size(*sentences: int) -> int:
        return sum(len(encode(decision("a", count)[0])) for count in sentences)

    recent = RecentDecisions(most_bytes=size(4, 4, 2))
    for name, sentences in (("a", 4), ("b", 4), ("b", 4), ("c", 2)):
        recent.keep(*decision(name, sentences))
    assert kept(recent) == ["a", "b", "c"]
    recent.keep(*decision("d", 5))
    assert kept(recent) == ["c", "d"]


def test_what_no_model_was_asked_is_not_kept() -> None:
    recent = RecentDecisions()
    task, _ = decision("a")
    recent.keep(task, Served(task, (), {}))
    assert kept(recent) == []
