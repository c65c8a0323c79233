"""A consumer that asks the memory sees each record once, in its last revision."""

import pytest

from schemas import DecodeError, encode
from schemas.revisions import Change, RevisionMemory
from tests.unit.deploy.cli.sample_records import a_record


def test_each_revision_is_news_once() -> None:
    memory = RevisionMemory()
    changes = [
        memory.change(a_record(revision=1)),
        memory.change(a_record(revision=1)),
        memory.change(a_record(revision=3)),
        memory.change(a_record(revision=2)),
        memory.change(a_record(revision=4, op="delete")),
    ]
    assert changes == [Change.NEW, None, Change.CORRECTED, None, Change.DELETED]


def test_the_memory_of_revisions_is_bounded() -> None:
    memory = RevisionMemory(most=2)
    for record_id in ("a", "b", "c"):
        memory.change(a_record(record_id))
    assert memory.change(a_record("c")) is None
    assert memory.change(a_record("a")) is Change.NEW


def test_a_message_is_decoded_and_told_from_its_repetition() -> None:
    memory = RevisionMemory()
    record = a_record(revision=2)
    assert memory.news(encode(record)) == record
    assert memory.news(encode(record)) is None
    assert memory.news(encode(a_record(revision=1))) is None
    with pytest.raises(DecodeError):
        memory.news(b"{}")
