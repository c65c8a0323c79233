"""State that is parsed once."""

import pytest

from agents.as_read import AsRead
from agents.changelog import ChangelogStore
from agents.outbox import Outbox
from pipeline.clock import ManualClock
from pipeline.config import KafkaSettings
from pipeline.olp.records import AppliedWindow, StreamRecords
from schemas.codec import encode

KAFKA = KafkaSettings(bootstrap_servers="127.0.0.1:1", partitions=1)


def records(window: str) -> StreamRecords:
    applied = AppliedWindow(window_id=window, first=1, last=2, subject_ids=("s",))
    return StreamRecords(applied=(applied,))


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> ChangelogStore:
    store = ChangelogStore(KAFKA, "state", Outbox(KAFKA), ManualClock())
    store._values = {0: {"a": encode(records("one")), "b": encode(records("two"))}}
    return store


def test_a_value_is_parsed_once(store: ChangelogStore) -> None:
    read = AsRead(store, StreamRecords, 8)
    first = read.get(0, "a")
    assert first == records("one")
    assert read.get(0, "a") is first
    assert read.get(0, "nothing") is None


def test_what_others_have_written_meanwhile_is_read(store: ChangelogStore) -> None:
    read = AsRead(store, StreamRecords, 8)
    assert read.get(0, "a") == records("one")
    store._values[0]["a"] = encode(records("three"))
    assert read.get(0, "a") == records("three")
    # The same bytes, read back after the partition came back, are parsed once more.
    store._values[0]["a"] = bytes(bytearray(store._values[0]["a"]))
    assert read.get(0, "a") == records("three")


def test_what_is_written_is_known_and_the_oldest_is_forgotten(store: ChangelogStore) -> None:
    read = AsRead(store, StreamRecords, 1)
    written, value = records("four"), encode(records("four"))
    read.keep(0, "a", value, written)
    assert read.get(0, "a") == records("one")
    store._values[0]["a"] = value
    read.keep(0, "a", value, written)
    assert read.get(0, "a") is written
    read.get(0, "b")
    assert read.get(0, "a") is not written
