"""What must hold within a message, whoever sends it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.messages import CategorizedRecord, Sentence, Subject, Window
from schemas.rewards import ArmShare, RoleAssignment
from schemas.roles import Role

AT = datetime(2026, 1, 1, tzinfo=UTC)


def window(*seqs: int) -> Window:
    return Window(
        window_id="w",
        domain="news",
        stream_id="s",
        lang="en",
        sentences=tuple(Sentence(seq=seq, text="x") for seq in seqs),
        closed_by="count",
        splitter_version="v",
        at=AT,
    )


def record(**changes: Any) -> CategorizedRecord:
    fields: dict[str, Any] = {
        "record_id": "r",
        "revision": 1,
        "op": "upsert",
        "domain": "news",
        "stream_id": "s",
        "window_id": "w",
        "subject": Subject(subject_id="i", name="Bridge"),
        "category": "fact",
        "sentences": (Sentence(seq=1, text="x"),),
        "span": (1, 1),
        "produced_by": {},
        "at": AT,
    }
    return CategorizedRecord(**{**fields, **changes})


def role_assignment(primary: str, **shares: float) -> RoleAssignment:
    return RoleAssignment(
        domain="news",
        role=Role.TOPIC_FINDER,
        version=1,
        policy="p",
        primary=primary,
        mix=tuple(ArmShare(model=name, probability=share) for name, share in shares.items()),
        reason="why",
        at=AT,
    )


def test_a_window_knows_its_ends() -> None:
    assert (window(3, 5, 9).first_seq, window(3, 5, 9).last_seq) == (3, 9)


@pytest.mark.parametrize("seqs", [(), (1, 1), (2, 1), (1, 3, 2)])
def test_a_window_has_sentences_with_increasing_seq(seqs: tuple[int, ...]) -> None:
    with pytest.raises(ValidationError):
        window(*seqs)


def test_an_upsert_has_sentences_and_a_delete_has_none() -> None:
    assert record().op == "upsert"
    assert record(op="delete", sentences=(), span=None).op == "delete"
    for changes in ({"sentences": ()}, {"op": "delete"}):
        with pytest.raises(ValidationError, match="a delete has none"):
            record(**changes)


def test_revisions_count_from_one() -> None:
    with pytest.raises(ValidationError):
        record(revision=0)


def test_a_mix_is_a_distribution_that_contains_its_primary() -> None:
    assert role_assignment("a", a=0.9, b=0.1).primary == "a"
    with pytest.raises(ValidationError, match="sum to 1"):
        role_assignment("a", a=0.9, b=0.2)
    with pytest.raises(ValidationError, match="contain the primary"):
        role_assignment("c", a=0.9, b=0.1)


def test_messages_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        record().revision = 2  # type: ignore[misc]
