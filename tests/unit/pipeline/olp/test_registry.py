"""A stream's subjects: who is compared, who is forgotten, and that changes make the same state."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from pipeline.olp.registry import (
    APPLIED_WINDOWS,
    Registry,
    RegistryChange,
    RegistrySnapshot,
)
from pipeline.olp.subject_names import name_key, name_words
from pipeline.olp.subjects import resolve
from schemas.codec import decode, encode
from schemas.messages import Subject
from schemas.role_task import FoundSubject, ResolvedSubject, RoleTask
from schemas.roles import Role
from tests.role_tasks import AT, found, resolved, role_task, subject, window

NAMES = ["red rose", "white rose", "fern", "tall oak", "old oak", "lily"]
HOUR = timedelta(hours=1)


def task(*names: str, window_id: str = "window-1") -> RoleTask:
    return role_task(Role.RELATIONSHIP_CHECKER, window(["x"], window_id=window_id), found(*names))


def apply(
    registry: Registry,
    window_id: str,
    items: Sequence[ResolvedSubject],
    most: int = 200,
    at: datetime = AT,
) -> Registry:
    registry.apply(registry.change(window_id, items, at), most)
    return registry


def names(registry: Registry) -> list[str]:
    return [s.name for s in registry.subjects]


def compared_one_by_one(
    subjects: Sequence[Subject], found: Iterable[FoundSubject], most: int
) -> tuple[Subject, ...]:
    """What `candidates` says, by going through all subjects."""
    found = tuple(found)
    keys = {name_key(s.name) for s in found}
    words = {word for s in found for word in name_words(s.name, s.aliases)}
    equal = [s for s in subjects if name_key(s.name) in keys]
    alike = [s for s in subjects if words & name_words(s.name, s.aliases)]
    ranked = [*reversed(equal), *reversed(alike), *reversed(subjects)]
    chosen = list(dict.fromkeys(s.subject_id for s in ranked))[:most]
    return tuple(s for s in subjects if s.subject_id in chosen)


class TestCandidates:
    def test_a_subject_that_returns_by_name_is_compared_however_many_came_since(self) -> None:
        old = subject("garden story")
        others = [subject(f"garden story number {n}") for n in range(100)]
        candidates = Registry((old, *others)).candidates(found("Garden Story"), 5)
        assert old in candidates
        assert len(candidates) == 5

    def test_those_that_share_a_word_come_before_the_latest(self) -> None:
        registry = Registry(subject(n) for n in ("red rose", "fern", "oak", "lily", "moss"))
        chosen = registry.candidates(found("white rose"), 3)
        assert [s.name for s in chosen] == ["red rose", "lily", "moss"]

    def test_chinese_names_are_alike_by_pairs_of_characters(self) -> None:
        registry = Registry((subject("红玫瑰"), subject("橡树"), subject("百合")))
        assert [s.name for s in registry.candidates(found("白玫瑰"), 1)] == ["红玫瑰"]

    def test_none_are_shown_if_none_are_wanted(self) -> None:
        assert Registry((subject("rose"),)).candidates(found("rose"), 0) == ()

    def test_candidates_keep_the_order_in_which_they_were_presented(self) -> None:
        subjects = tuple(subject(f"plant {n}") for n in range(20))
        chosen = Registry(subjects).candidates(found("plant 3", "plant 17"), 8)
        assert list(chosen) == sorted(chosen, key=subjects.index)

    @given(
        st.lists(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3), max_size=8),
        st.lists(st.sampled_from(NAMES), min_size=1, max_size=2),
        st.integers(0, 5),
    )
    def test_they_are_those_that_a_look_at_every_subject_finds(
        self, windows: list[list[str]], asked: list[str], most: int
    ) -> None:
        registry = Registry()
        for number, spoken in enumerate(windows):
            items = [resolved(name, place) for place, name in enumerate(spoken, start=1)]
            apply(registry, f"w{number}", items, 4)
        wanted = compared_one_by_one(registry.subjects, found(*asked), most)
        assert registry.candidates(found(*asked), most) == wanted


class TestChanges:
    def test_identity_stays_along_the_windows(self) -> None:
        registry = Registry()
        seen: dict[str, set[str]] = {}
        for number, spoken in enumerate([["rose"], ["fern", "rose"], ["oak"], ["Rose", "oak"]]):
            of = task(*spoken, window_id=f"window-{number}")
            result = resolve(of, registry.candidates(of.subjects, 24), [])
            apply(registry, of.window.window_id, result)
            for item in result:
                seen.setdefault(item.subject.name.casefold(), set()).add(item.subject.subject_id)
        assert {name: len(ids) for name, ids in seen.items()} == {"rose": 1, "fern": 1, "oak": 1}
        assert len(registry.subjects) == 3

    def test_merged_identities_are_forgotten_and_touched_ones_are_latest(self) -> None:
        registry = Registry(subject(n) for n in ("rose", "fern", "oak"))
        apply(registry, "w", [resolved("rose", 1, merged=["id-fern"])])
        assert names(registry) == ["oak", "rose"]

    def test_the_oldest_are_forgotten_beyond_the_limit(self) -> None:
        registry = Registry(subject(n) for n in ("rose", "fern", "oak"))
        assert names(apply(registry, "w", [resolved("lily", 1)], 2)) == ["oak", "lily"]

    def test_a_stream_that_never_ends_needs_bounded_memory(self) -> None:
        registry = Registry()
        for number in range(300):
            apply(registry, f"w{number}", [resolved(f"plant {number}", 1)], 50)
        assert len(registry.subjects) == 50
        assert len(registry.applied) == APPLIED_WINDOWS
        assert registry.has("w299")
        assert not registry.has("w0")

    @given(
        st.lists(st.lists(st.sampled_from(NAMES), max_size=3), max_size=6),
        st.integers(0, 6),
    )
    def test_a_snapshot_and_the_changes_behind_it_make_the_same_registry(
        self, windows: list[list[str]], snapshot_after: int
    ) -> None:
        changes: list[bytes] = []
        registry, snapshot = Registry(), encode(RegistrySnapshot())
        for number, spoken in enumerate(windows):
            if number == snapshot_after:
                snapshot, changes = encode(registry.snapshot()), []
            merged = ["id-fern"] if number % 3 == 2 and "fern" not in spoken else []
            items = [
                resolved(name, place, merged=merged) for place, name in enumerate(spoken, start=1)
            ]
            change = registry.change(f"w{number}", items, AT + number * HOUR)
            registry.apply(change, 4)
            changes.append(encode(change))
        again = Registry.of(decode(RegistrySnapshot, snapshot))
        for value in changes:
            change = decode(RegistryChange, value)
            assert again.continues(change)
            again.apply(change, 4)
        assert again.snapshot() == registry.snapshot()

    def test_a_change_of_another_state_does_not_continue_this_one(self) -> None:
        registry = apply(Registry(), "w1", [resolved("rose", 1)])
        same_turn = apply(Registry(), "another", []).change("w2", [], AT)
        earlier = Registry().change("w1", [], AT)
        assert not registry.continues(same_turn)
        assert not registry.continues(earlier)
        assert registry.continues(registry.change("w2", [], AT))


class TestForgetting:
    def test_a_subject_that_is_not_spoken_of_for_long_is_forgotten(self) -> None:
        registry = apply(Registry(), "w1", [resolved("rose", 1), resolved("fern", 2)])
        apply(registry, "w2", [resolved("fern", 1)], at=AT + HOUR)
        registry.forget_before(AT)
        assert names(registry) == ["rose", "fern"]
        registry.forget_before(AT + HOUR)
        assert names(registry) == ["fern"]
        assert registry.candidates(found("rose"), 5) == registry.subjects

    def test_a_subject_of_whom_it_is_not_known_when_is_kept_and_dated_by_the_next_window(
        self,
    ) -> None:
        registry = Registry((subject("rose"),))
        registry.forget_before(AT)
        assert names(apply(registry, "w", [])) == ["rose"]
        registry.forget_before(AT + HOUR)
        assert registry.subjects == ()
