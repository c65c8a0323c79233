"""Identity along a stream: the same subject keeps its id, one wrong pair cannot ruin two."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from pipeline.olp.subjects import resolve
from schemas.role_task import ResolvedSubject, RoleTask
from schemas.roles import Role
from tests.role_tasks import found, role_task, subject, window

NAMES = ["rose", "fern", "oak", "lily", "moss"]


def task(*names: str, window_id: str = "window-1") -> RoleTask:
    of = window(["x"], window_id=window_id)
    return role_task(Role.RELATIONSHIP_CHECKER, of, found(*names))


def by_number(result: tuple[ResolvedSubject, ...]) -> dict[int, str]:
    return {number: item.subject.subject_id for item in result for number in item.numbers}


class TestResolve:
    def test_a_new_subject_has_an_id_of_its_window_and_name(self) -> None:
        first, again = resolve(task("rose"), [], []), resolve(task("rose"), [], [])
        elsewhere = resolve(task("rose", window_id="window-2"), [], [])
        assert by_number(first) == by_number(again)
        assert by_number(first) != by_number(elsewhere)

    def test_equal_names_are_the_same_whatever_their_case_and_spaces(self) -> None:
        result = resolve(task("Old  Rose", "fern", "OLD ROSE"), [subject("old rose")], [])
        assert by_number(result)[1] == by_number(result)[3] == "id-old rose"
        assert by_number(result)[2] != "id-old rose"

    def test_pairs_are_transitive_within_the_window(self) -> None:
        result = resolve(task("rose", "fern", "oak", "lily"), [], [(1, 3), (3, 4)])
        assert [item.numbers for item in result] == [(1, 3, 4), (2,)]

    def test_the_older_identity_stays_when_two_earlier_subjects_are_merged(self) -> None:
        known = [subject("rose"), subject("fern"), subject("moss")]
        (result,) = resolve(task("lily"), known, [(2, 3), (2, 4)])
        assert result.subject.subject_id == "id-fern"
        assert result.merged_ids == ("id-moss",)

    def test_a_merge_that_the_window_does_not_speak_of_changes_nothing(self) -> None:
        (result,) = resolve(task("oak"), [subject("rose"), subject("fern")], [(1, 2)])
        assert result.merged_ids == ()

    def test_a_name_cannot_bridge_two_earlier_subjects(self) -> None:
        known = [subject("rose"), subject("fern")]
        (result,) = resolve(task("oak"), known, [(1, 3), (2, 3)])
        assert (result.subject.subject_id, result.merged_ids) == ("id-rose", ())

    def test_a_pair_within_the_window_cannot_bridge_two_earlier_subjects(self) -> None:
        known = [subject("rose"), subject("fern")]
        result = resolve(task("oak", "lily"), known, [(1, 3), (2, 4), (3, 4)])
        assert all(item.merged_ids == () for item in result)

    def test_an_equal_name_counts_more_than_a_wrong_pair(self) -> None:
        known = [subject("rose"), subject("fern")]
        assert by_number(resolve(task("fern"), known, [(1, 3)])) == {1: "id-fern"}

    def test_a_wrong_pair_cannot_take_the_name_of_an_earlier_subject_away(self) -> None:
        known = [subject("rose"), subject("fern")]
        result = resolve(task("fern", "rose"), known, [(3, 4)])
        assert by_number(result) == {1: "id-fern", 2: "id-rose"}

    def test_two_names_may_be_one_subject_if_the_earlier_ones_are_paired_too(self) -> None:
        known = [subject("rose"), subject("fern")]
        (result,) = resolve(task("fern", "rose"), known, [(1, 2), (3, 4)])
        assert (result.subject.subject_id, result.merged_ids) == ("id-rose", ("id-fern",))

    def test_names_and_aliases_add_up_and_attributes_follow_the_latest(self) -> None:
        known = subject("rose", aliases=["bush"]).model_copy(
            update={"attributes": {"height": "1 m", "colour": "red"}}
        )
        of = task("rose bush")
        new = of.subjects[0].model_copy(update={"attributes": {"height": "2 m", "colour": None}})
        (result,) = resolve(of.model_copy(update={"subjects": (new,)}), [known], [(1, 2)])
        assert result.subject.name == "rose"
        assert result.subject.aliases == ("bush", "rose bush")
        assert result.subject.attributes == {"height": "2 m", "colour": "red"}

    def test_aliases_do_not_pile_up(self) -> None:
        known = subject("rose", aliases=[f"alias {n}" for n in range(12)])
        (result,) = resolve(task("new name"), [known], [(1, 2)])
        assert len(result.subject.aliases) == 12

    @given(
        st.permutations(NAMES[:4]),
        st.lists(st.tuples(st.integers(1, 6), st.integers(1, 6)), max_size=6),
        st.randoms(use_true_random=False),
    )
    def test_the_order_of_the_pairs_does_not_matter(
        self, names: list[str], pairs: list[tuple[int, int]], rng: object
    ) -> None:
        known = [subject("rose"), subject("fern")]
        legal = [(min(p), max(p)) for p in pairs if p[0] != p[1]]
        of = task(*names)
        assert resolve(of, known, legal) == resolve(of, known, legal[::-1])
        assert resolve(of, known, legal) == resolve(of, known, [*legal, *legal])

    @given(
        st.lists(st.sampled_from(NAMES), min_size=1, max_size=5, unique=True),
        st.lists(st.tuples(st.integers(1, 7), st.integers(1, 7)), max_size=8),
    )
    def test_every_subject_of_the_window_is_resolved_once(
        self, names: list[str], pairs: list[tuple[int, int]]
    ) -> None:
        known = [subject("rose"), subject("fern")]
        total = len(known) + len(names)
        legal = [(min(p), max(p)) for p in pairs if p[0] != p[1] and max(p) <= total]
        result = resolve(task(*names), known, legal)
        numbers = sorted(itertools.chain.from_iterable(item.numbers for item in result))
        assert numbers == list(range(1, len(names) + 1))
        ids = [item.subject.subject_id for item in result]
        assert len(set(ids)) == len(ids)
        merged = {old for item in result for old in item.merged_ids}
        assert merged <= ({"id-rose", "id-fern"} if (1, 2) in legal else set())
        assert not merged & set(ids)
