"""The verifier finds each fault that is planted, and none where there is none."""

from dataclasses import replace
from datetime import UTC, datetime

from schemas.messages import CategorizedRecord, Sentence, Subject, WindowOutcome
from tests.chaos import verifier
from tests.chaos.verifier import Evidence, Logged, ModelCall, violations
from tests.scripted.text import marked

AT = datetime(2026, 1, 1, tzinfo=UTC)
TEXTS = [marked("mug", ["opening"], f"sentence {n}") for n in range(1, 5)]
RECORD = CategorizedRecord(
    record_id="r1",
    revision=1,
    op="upsert",
    domain="ecommerce",
    stream_id="show",
    window_id="w1",
    subject=Subject(subject_id="s1", name="mug"),
    category="opening",
    sentences=tuple(Sentence(seq=seq, text=text) for seq, text in enumerate(TEXTS, start=1)),
    span=(1, 4),
    produced_by={},
    at=AT,
)
OUTCOME = WindowOutcome(
    window_id="w1",
    domain="ecommerce",
    stream_id="show",
    sentences=4,
    recorded=(1, 2, 3, 4),
    unassigned=(),
    subjects=(),
    upserts=1,
    deletes=0,
    final=True,
    latency_s=1.0,
    at=AT,
)
CALL = ModelCall(10.0, 11.0, "arm", "topic_finder", "p1", False, TEXTS[0], TEXTS[-1])
ANSWER = Logged("k", "w1", "topic_finder", "arm", "p1", False, 11.1)
GOOD = Evidence(
    streams={"show": TEXTS},
    consumed=[RECORD],
    published=[RECORD, RECORD],
    outcomes=[OUTCOME, OUTCOME],
    dead_letters=0,
    windows={(TEXTS[0], TEXTS[-1]): {"w1"}},
    calls=[CALL],
    answers=[ANSWER],
)


def broken(**changes: object) -> set[str]:
    return set(violations(replace(GOOD, **changes)))  # type: ignore[arg-type]


def test_a_good_run_breaks_nothing() -> None:
    assert violations(GOOD) == {}


def test_a_sentence_that_no_record_has_is_lost() -> None:
    short = RECORD.model_copy(update={"sentences": RECORD.sentences[:3]})
    assert broken(consumed=[short]) == {"lost"}


def test_a_sentence_that_was_not_said_is_invented() -> None:
    false = Sentence(seq=4, text="never said")
    changed = RECORD.model_copy(update={"sentences": (*RECORD.sentences[:3], false)})
    assert broken(consumed=[changed]) == {"invented"}
    elsewhere = RECORD.model_copy(update={"record_id": "r2", "category": "price"})
    assert broken(consumed=[RECORD, elsewhere]) == {"invented"}


def test_an_id_or_a_sentence_that_comes_twice_is_a_duplicate() -> None:
    assert broken(consumed=[RECORD, RECORD]) == {"duplicated"}
    other = RECORD.model_copy(update={"record_id": "r2"})
    assert broken(consumed=[RECORD, other]) == {"duplicated"}


def test_a_revision_with_two_contents_is_ambiguous() -> None:
    other = RECORD.model_copy(update={"sentences": RECORD.sentences[:3]})
    assert broken(published=[RECORD, other]) == {"ambiguous"}


def test_accounts_must_hold_each_sentence_once() -> None:
    short = OUTCOME.model_copy(update={"recorded": (1, 2, 3)})
    assert broken(outcomes=[short]) == {"unaccounted"}
    second = OUTCOME.model_copy(update={"window_id": "w2"})
    assert broken(outcomes=[OUTCOME, second]) == {"unaccounted"}
    failed = OUTCOME.model_copy(update={"failed": "models_away"})
    assert broken(outcomes=[failed]) == {"unaccounted"}


def test_a_call_after_its_answer_was_logged_is_paid_twice() -> None:
    assert broken(calls=[CALL, replace(CALL, came_s=11.2)]) == {"paid_twice"}
    assert broken(calls=[CALL, replace(CALL, came_s=11.05)]) == set()
    assert broken(calls=[CALL, replace(CALL, came_s=11.2, second=True)]) == set()
    assert broken(calls=[CALL, replace(CALL, came_s=11.2, model="other")]) == set()
    assert broken(calls=[CALL, replace(CALL, came_s=11.2, prompt_version="p2")]) == set()


def test_a_call_that_was_under_way_when_its_worker_died_is_counted() -> None:
    again = replace(GOOD, calls=[CALL, replace(CALL, came_s=10.5)])
    assert verifier.paid_and_dropped(again) == 1
    assert verifier.paid_and_dropped(GOOD) == 0


def test_a_dead_letter_is_told() -> None:
    assert broken(dead_letters=1) == {"dead_letters"}
