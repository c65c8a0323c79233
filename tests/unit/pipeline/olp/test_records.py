"""Records: whatever the windows, the standing records hold exactly what was organised."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.olp.records import (
    Changes,
    StreamRecords,
    SubjectRecords,
    apply_window,
    last_revisions,
)
from pipeline.olp.registry import APPLIED_WINDOWS
from schemas.codec import decode, encode
from schemas.messages import CategorizedRecord
from schemas.role_task import RoleTask
from schemas.roles import Role
from tests.role_tasks import AT, resolved, role_task, sorted_in, window

Label = tuple[str, str, int]
"""Subject, category, seq."""


@dataclass
class Books:
    """What the format checker's agent keeps: states by subject, and the stream's windows."""

    max_sentences: int = 1000
    states: dict[str, bytes] = field(default_factory=dict)
    stream: StreamRecords = field(default_factory=StreamRecords)
    sent: list[CategorizedRecord] = field(default_factory=list)

    def load(self, subject_id: str) -> SubjectRecords | None:
        kept = self.states.get(subject_id)
        return None if kept is None else decode(SubjectRecords, kept)

    def changes(self, task: RoleTask) -> Changes:
        return apply_window(task, self.stream, self.load, AT, self.max_sentences)

    def apply(self, task: RoleTask) -> Changes:
        changes = self.changes(task)
        self.sent += changes.records
        self.stream = changes.stream
        for identity, state in changes.states.items():
            self.states[identity] = encode(state)
        return changes

    def standing(self) -> list[CategorizedRecord]:
        return list(last_revisions(self.sent).values())

    def labels(self) -> list[Label]:
        return sorted(
            (record.subject.name, record.category, sentence.seq)
            for record in self.standing()
            for sentence in record.sentences
        )


def organised(
    first: int,
    last: int,
    labels: Sequence[Label],
    merged: dict[str, list[str]] | None = None,
    window_id: str | None = None,
) -> RoleTask:
    """A checked task over the seqs `first` to `last`; `merged` maps a name to names it ends."""
    ends = merged or {}
    names = sorted({name for name, _, _ in labels} | set(ends))
    by_sentence: dict[tuple[int, int], list[str]] = {}
    for name, category, seq in labels:
        by_sentence.setdefault((names.index(name) + 1, seq), []).append(category)
    return role_task(
        Role.FORMAT_CHECKER,
        window(
            [f"text {seq}" for seq in range(first, last + 1)],
            first_seq=first,
            window_id=window_id or f"window-{first}-{last}",
        ),
        identities=[
            resolved(name, number, merged=[f"id-{old}" for old in ends.get(name, ())])
            for number, name in enumerate(names, start=1)
        ],
        organized=[
            sorted_in(who, seq, *sorted(set(categories)))
            for (who, seq), categories in by_sentence.items()
        ],
    )


def revisions_grow_by_one(sent: Sequence[CategorizedRecord]) -> bool:
    seen: Counter[str] = Counter()
    for record in sent:
        seen[record.record_id] += 1
        if record.revision != seen[record.record_id]:
            return False
    return True


NAMES = st.sampled_from(["rose", "fern", "oak"])
CATEGORIES = st.sampled_from(["care", "look", "place"])


@st.composite
def streams(draw: st.DrawFn, name: Callable[[int], str] | None = None) -> list[RoleTask]:
    """Consecutive windows of one stream."""
    tasks, first = [], 0
    for number in range(draw(st.integers(1, 5))):
        last = first + draw(st.integers(0, 9))
        names = NAMES if name is None else st.just(name(number))
        labels = draw(st.lists(st.tuples(names, CATEGORIES, st.integers(first, last)), max_size=12))
        tasks.append(organised(first, last, sorted(set(labels))))
        first = last + 1
    return tasks


def labels_of(*tasks: RoleTask) -> list[Label]:
    return sorted(
        (task.resolved[item.subject - 1].subject.name, category, item.seq)
        for task in tasks
        for item in task.organized
        for category in item.categories
    )


@given(streams(), st.sampled_from([1, 2, 3, 1000]))
def test_standing_records_are_the_set_of_organised_sentences(
    tasks: list[RoleTask], max_sentences: int
) -> None:
    books = Books(max_sentences)
    for task in tasks:
        books.apply(task)
    assert books.labels() == labels_of(*tasks)
    assert revisions_grow_by_one(books.sent)
    for record in books.standing():
        seqs = [sentence.seq for sentence in record.sentences]
        assert seqs == sorted(set(seqs))
        assert len(seqs) <= max_sentences
        assert record.span == (seqs[0], seqs[-1])


@given(streams(), st.sampled_from([2, 1000]))
def test_every_sentence_of_a_window_is_accounted_for(
    tasks: list[RoleTask], max_sentences: int
) -> None:
    books = Books(max_sentences)
    for task in tasks:
        changes = books.apply(task)
        seqs = [sentence.seq for sentence in task.window.sentences]
        assert sorted((*changes.recorded, *changes.unassigned)) == seqs
        assert set(changes.recorded) == {seq for _, _, seq in labels_of(task)}


@given(streams(), st.sampled_from([2, 1000]))
def test_a_window_computed_again_before_its_state_is_kept_sends_the_same(
    tasks: list[RoleTask], max_sentences: int
) -> None:
    books = Books(max_sentences)
    for task in tasks:
        assert books.changes(task) == books.changes(task)
        books.apply(task)


@given(streams())
def test_applying_the_last_window_twice_changes_nothing(tasks: list[RoleTask]) -> None:
    books = Books()
    for task in tasks:
        books.apply(task)
    states = dict(books.states)
    again = books.apply(tasks[-1])
    assert again.records == []
    assert books.states == states


@settings(max_examples=60)
@given(streams(), streams(lambda number: "moss"), streams())
def test_windows_cut_anew_over_the_same_sentences_replace_what_was_said(
    before: list[RoleTask], between: list[RoleTask], after: list[RoleTask]
) -> None:
    books = Books()
    for version, tasks in enumerate((before, between, after)):
        for task in tasks:
            new = task.window.model_copy(update={"window_id": f"{version}-{task.window.window_id}"})
            books.apply(task.model_copy(update={"window": new}))
    reached = max(task.window.last_seq for task in after)
    latest = [label for label in books.labels() if label[2] <= reached]
    assert latest == labels_of(*after)
    assert revisions_grow_by_one(books.sent)


@given(streams(), st.booleans())
def test_a_merged_subject_hands_over_its_open_records(tasks: list[RoleTask], speaks: bool) -> None:
    books = Books()
    for task in tasks:
        books.apply(task)
    first = tasks[-1].window.last_seq + 1
    new: list[Label] = [("rose", "look", first)] if speaks else []
    books.apply(organised(first, first, new, {"rose": ["fern"]}))
    united = {("rose" if n == "fern" else n, c, seq) for n, c, seq in labels_of(*tasks)}
    assert books.labels() == sorted(united | set(new))
    assert revisions_grow_by_one(books.sent)


def test_a_merge_deletes_the_records_of_the_identity_that_ends() -> None:
    books = Books()
    books.apply(organised(0, 1, [("fern", "look", 0), ("fern", "care", 1)]))
    changes = books.apply(organised(2, 2, [("rose", "look", 2)], {"rose": ["fern"]}))
    by_op = sorted((r.op, r.subject.name, r.category, len(r.sentences)) for r in changes.records)
    assert by_op == [
        ("delete", "fern", "care", 0),
        ("delete", "fern", "look", 0),
        ("upsert", "rose", "care", 1),
        ("upsert", "rose", "look", 2),
    ]


def test_a_late_window_about_a_merged_identity_is_not_lost() -> None:
    books = Books()
    books.apply(organised(0, 1, [("fern", "look", 0)]))
    books.apply(organised(4, 5, [("rose", "look", 4)], {"rose": ["fern"]}))
    books.apply(organised(2, 3, [("fern", "look", 2)]))
    assert {(category, seq) for _, category, seq in books.labels()} == {
        ("look", 0),
        ("look", 2),
        ("look", 4),
    }
    assert revisions_grow_by_one(books.sent)


def test_a_sentence_said_to_be_of_another_subject_leaves_the_first() -> None:
    books = Books()
    books.apply(organised(0, 3, [("rose", "look", 1), ("fern", "look", 2)]))
    changes = books.apply(organised(1, 2, [("fern", "look", 1), ("fern", "look", 2)]))
    assert books.labels() == [("fern", "look", 1), ("fern", "look", 2)]
    assert {(r.op, r.subject.name) for r in changes.records} == {
        ("delete", "rose"),
        ("upsert", "fern"),
    }


def test_a_record_deleted_and_filled_again_goes_on_counting() -> None:
    books = Books()
    books.apply(organised(0, 1, [("rose", "look", 1)]))
    books.apply(organised(1, 1, []))
    books.apply(organised(2, 2, [("rose", "look", 2)]))
    assert [(r.op, r.revision) for r in books.sent] == [("upsert", 1), ("delete", 2), ("upsert", 3)]


def test_a_full_record_is_left_alone_and_a_further_part_begins() -> None:
    books = Books(max_sentences=2)
    books.apply(organised(0, 2, [("rose", "look", seq) for seq in (0, 1, 2)]))
    books.apply(organised(3, 4, [("rose", "look", seq) for seq in (3, 4)]))
    assert [(r.part, r.revision, [s.seq for s in r.sentences]) for r in books.sent] == [
        (0, 1, [0, 1]),
        (1, 1, [2]),
        (1, 2, [2, 3]),
        (2, 1, [4]),
    ]


def test_only_what_changed_is_sent() -> None:
    books = Books()
    books.apply(organised(0, 1, [("rose", "look", 0), ("rose", "care", 1)]))
    changes = books.apply(organised(2, 2, [("rose", "look", 2)]))
    assert [(r.category, r.revision) for r in changes.records] == [("look", 2)]


def test_a_window_without_subjects_is_an_account_without_records() -> None:
    changes = Books().apply(organised(0, 2, []))
    assert (changes.records, changes.recorded, changes.unassigned) == ([], (), (0, 1, 2))


def test_a_stream_remembers_its_latest_windows_only() -> None:
    books = Books()
    for seq in range(APPLIED_WINDOWS + 5):
        books.apply(organised(seq, seq, []))
    assert len(books.stream.applied) == APPLIED_WINDOWS
    assert books.stream.has(f"window-{APPLIED_WINDOWS}-{APPLIED_WINDOWS}")
    assert not books.stream.has("window-0-0")
    assert decode(StreamRecords, encode(books.stream)) == books.stream


class TestLastRevisions:
    @pytest.fixture
    def sent(self) -> list[CategorizedRecord]:
        books = Books(max_sentences=2)
        books.apply(organised(0, 3, [("rose", "look", seq) for seq in range(4)]))
        books.apply(organised(2, 3, []))
        books.apply(organised(4, 4, [("fern", "care", 4)]))
        return books.sent

    def test_order_and_repetition_do_not_matter(self, sent: list[CategorizedRecord]) -> None:
        assert last_revisions(sent) == last_revisions([*sent[::-1], *sent, *sent])

    def test_deleted_records_do_not_stand(self, sent: list[CategorizedRecord]) -> None:
        assert any(record.op == "delete" for record in sent)
        assert all(record.op == "upsert" for record in last_revisions(sent).values())
