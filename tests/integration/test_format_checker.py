"""The last check on a real broker: a bad window goes back to another model, then to nobody."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from schemas.codec import encode
from schemas.ids import decision_id
from schemas.messages import ProducedBy, Sentence, Subject, Window
from schemas.rewards import RewardEvent
from schemas.role_task import FoundSubject, OrganizedSentence, ResolvedSubject, RoleTask, Span
from schemas.roles import Role
from tests.flow import Deployment, until
from tests.scripted.text import marked

pytestmark = pytest.mark.kafka

Deploy = Callable[..., Deployment]
TEXTS = [marked("mug", ["fact"], f"sentence {n}") for n in range(6)]


def organised(window_id: str, attempt: int, category: str, quote: str | None = None) -> RoleTask:
    window = Window(
        window_id=window_id,
        domain="news",
        stream_id="s",
        lang="en",
        sentences=tuple(Sentence(seq=n, text=text) for n, text in enumerate(TEXTS, start=1)),
        final=True,
        closed_by="end",
        splitter_version="x",
        at=datetime.now(UTC),
    )
    author = ProducedBy(
        model="oracle-1",
        prompt_version="p",
        decision_id=decision_id(window_id, Role.CONTENT_ORGANIZER.value, attempt),
    )
    return RoleTask(
        role=Role.FORMAT_CHECKER,
        window=window,
        subjects=(FoundSubject(number=1, name="mug"),),
        spans=(Span(subject=1, first=1, last=6),),
        resolved=(ResolvedSubject(subject=Subject(subject_id="id", name="mug"), numbers=(1,)),),
        organized=tuple(
            OrganizedSentence(subject=1, seq=n, categories=(category,), quote=quote)
            for n in range(1, 7)
        ),
        produced_by={Role.CONTENT_ORGANIZER.value: author},
        attempt=attempt,
    )


def send(deployment: Deployment, task: RoleTask) -> None:
    deployment.produce_bytes("role-format-checker", "s", encode(task))
    deployment.flush()


@pytest.mark.parametrize(
    ("category", "quote"), [("gossip", None), ("fact", "never said by anyone")]
)
def test_a_bad_window_goes_back_to_another_model(
    deploy: Deploy, category: str, quote: str | None
) -> None:
    deployment = deploy(models=["oracle-1", "oracle-2"], policy="fixed:oracle-1")
    deployment.start_worker()
    send(deployment, organised("w1", 0, category, quote))
    deployment.wait_accounted(len(TEXTS))
    (record,) = deployment.records("news")
    assert record.produced_by[Role.CONTENT_ORGANIZER.value].model == "oracle-2"
    assert [sentence.seq for sentence in record.sentences] == [1, 2, 3, 4, 5, 6]
    blamed = [event for event in deployment.read("role-rewards", RewardEvent) if event.late]
    assert [(event.model, event.quality) for event in blamed] == [("oracle-1", 0.0)]


def test_after_the_last_attempt_it_is_a_dead_letter_and_accounted_for(deploy: Deploy) -> None:
    deployment = deploy(models=["oracle-1", "oracle-2"], worker="max_format_attempts = 2")
    deployment.start_worker()
    send(deployment, organised("w2", 1, "gossip"))
    until(lambda: len(deployment.dead_letters()) == 1, 30)
    (letter,) = deployment.dead_letters()
    assert letter.error.kind == "bad_format"
    assert "'gossip' is no category of news" in letter.error.message
    (outcome,) = deployment.outcomes()
    assert (outcome.failed, len(outcome.unassigned)) == ("bad_format", len(TEXTS))
    assert deployment.records("news") == []
