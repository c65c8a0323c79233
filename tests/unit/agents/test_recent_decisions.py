"""What is remembered for later feedback is whole, and bounded by what takes memory."""

from agents.recent_decisions import RecentDecisions
from pipeline.decisions.serve import Served
from schemas.codec import encode
from schemas.messages import ProducedBy
from schemas.role_task import RoleTask
from schemas.roles import Role
from tests.role_tasks import found, role_task, window


def decision(name: str, sentences: int = 1, stream: str = "walk") -> tuple[RoleTask, Served]:
    texts = ["x" * 100] * sentences
    task = role_task(Role.TOPIC_FINDER, window(texts, window_id=name, stream_id=stream))
    return task, Served(task, (), {"arm": task})


def keep(recent: RecentDecisions, task: RoleTask, served: Served) -> None:
    recent.keep(task, served, encode(served.task), [])


def kept(recent: RecentDecisions, stream: str = "walk") -> list[str]:
    found = recent.of_stream("garden", stream)
    return [version.window.window_id for _, versions in found for version in versions.values()]


def test_a_stream_finds_its_own_as_they_were() -> None:
    recent = RecentDecisions()
    for name, stream in (("a", "walk"), ("b", "run")):
        keep(recent, *decision(name, stream=stream))
    [(events, versions)] = recent.of_stream("garden", "run")
    assert events == ()
    assert versions == decision("b", stream="run")[1].versions


def test_the_arm_that_was_kept_is_remembered_by_what_was_sent_the_others_by_their_own() -> None:
    task, _ = decision("a")
    kept_one = task.model_copy(update={"subjects": tuple(found("rose"))})
    author = ProducedBy(model="best", prompt_version="1", decision_id="d")
    done = kept_one.model_copy(update={"produced_by": {Role.TOPIC_FINDER.value: author}})
    served = Served(done, (), {"best": kept_one, "other": task})
    sent = encode(done.model_copy(update={"role": Role.TOPIC_LOCATOR}))
    recent = RecentDecisions()
    recent.keep(task, served, sent, [])
    [(_, versions)] = recent.of_stream("garden", "walk")
    assert versions == {"best": done, "other": task}


def test_the_oldest_go_when_there_are_too_many() -> None:
    recent = RecentDecisions(most=2)
    for name in "abc":
        keep(recent, *decision(name))
    assert kept(recent) == ["b", "c"]


def test_large_windows_count_for_more_and_a_repeated_one_once() -> None:
    def size(*sentences: int) -> int:
        return sum(len(encode(decision("a", count)[0])) for count in sentences)

    recent = RecentDecisions(most_bytes=size(4, 4, 2))
    for name, sentences in (("a", 4), ("b", 4), ("b", 4), ("c", 2)):
        keep(recent, *decision(name, sentences))
    assert kept(recent) == ["a", "b", "c"]
    keep(recent, *decision("d", 5))
    assert kept(recent) == ["c", "d"]


def test_what_no_model_was_asked_is_not_kept() -> None:
    recent = RecentDecisions()
    task, _ = decision("a")
    keep(recent, task, Served(task, (), {}))
    assert kept(recent) == []
