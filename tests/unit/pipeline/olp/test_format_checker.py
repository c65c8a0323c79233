"""Format checker: nothing leaves that is not in the window, in the subjects, in the domain."""

import json

import pytest

from pipeline.olp.content_organizer import ContentOrganizer
from pipeline.olp.format_checker import Verdict, check_format
from schemas.role_task import OrganizedSentence, RoleTask
from schemas.roles import Role
from tests.role_tasks import GARDEN, found, resolved, role_task, sorted_in, window

TEXTS = [
    "Good morning.",
    "The rose is red.",
    "Water the rose daily.",
    "The fern is green.",
    "It stands in the shade.",
    "Good night.",
]
GOOD = [
    sorted_in(1, 2, "look"),
    sorted_in(1, 3, "care"),
    sorted_in(2, 4, "look"),
    sorted_in(2, 5, "place", "look"),
]


def checked(*organized: OrganizedSentence, spans: tuple[tuple[int, int, int], ...] = ()) -> Verdict:
    task = role_task(
        Role.FORMAT_CHECKER,
        window(TEXTS),
        found("rose", "fern"),
        spans or ((1, 2, 3), (2, 4, 5)),
        [resolved("rose", 1), resolved("fern", 2)],
        organized,
    )
    return check_format(task, GARDEN)


def kept(verdict: Verdict) -> set[OrganizedSentence]:
    assert verdict.task is not None
    return set(verdict.task.organized)


def test_a_good_window_passes_untouched() -> None:
    verdict = checked(*GOOD)
    assert kept(verdict) == set(GOOD)
    assert (verdict.faults, verdict.repaired) == ((), 0)


def test_an_empty_window_passes() -> None:
    assert kept(checked()) == set()


@pytest.mark.parametrize(
    ("bad", "fault"),
    [
        (sorted_in(1, 99, "look"), "sentence 99 is not in the window"),
        (sorted_in(3, 2, "look"), "sentence 2: there is no subject 3"),
        (sorted_in(1, 1, "price"), "sentence 1: 'price' is no category of garden"),
        (sorted_in(1, 1, "look", quote="never said"), "the quotation is not in the window"),
    ],
)
def test_one_wrong_sentence_is_dropped_and_named(bad: OrganizedSentence, fault: str) -> None:
    verdict = checked(*GOOD, bad)
    assert kept(verdict) == set(GOOD)
    assert len(verdict.faults) == 1
    assert fault in verdict.faults[0]
    assert verdict.repaired == 1


def test_beyond_a_quarter_the_answer_is_refused_as_a_whole() -> None:
    bad = [sorted_in(1, 90 + n, "look") for n in range(2)]
    assert checked(*GOOD, bad[0]).task is not None
    refused = checked(*GOOD, *bad)
    assert refused.task is None
    assert (len(refused.faults), refused.repaired) == (2, 0)


@pytest.mark.parametrize("span", [(1, 0, 3), (1, 2, 99), (1, 3, 2)])
def test_a_span_outside_of_the_window_is_a_fault(span: tuple[int, int, int]) -> None:
    verdict = checked(*GOOD, spans=((1, 2, 3), span))
    assert verdict.faults == (f"span {span[1]}-{span[2]} is not inside the window",)
    assert checked(spans=(span,)).task is None


class TestQuotations:
    @pytest.mark.parametrize(
        "quote", ["The rose", "the ROSE is red", "rose, is: red!", "", "...", "ro"]
    )
    def test_one_that_stands_in_its_sentence_is_fine(self, quote: str) -> None:
        verdict = checked(sorted_in(1, 2, "look", quote=quote), *GOOD[1:])
        assert {o.seq for o in kept(verdict)} == {2, 3, 4, 5}
        assert verdict.repaired == 0

    def test_one_that_stands_elsewhere_moves_the_sentence_there(self) -> None:
        verdict = checked(*GOOD[1:], sorted_in(1, 1, "look", quote="The rose is"))
        assert {(o.subject, o.seq, o.categories) for o in kept(verdict)} >= {(1, 2, ("look",))}
        assert (verdict.faults, verdict.repaired) == ((), 1)

    def test_one_that_stands_in_two_other_sentences_drops_it(self) -> None:
        verdict = checked(*GOOD, sorted_in(1, 2, "look", quote="Good"))
        assert len(verdict.faults) == 1

    def test_answers_that_are_one_off_throughout_are_put_right(self) -> None:
        quotes = {2: "The rose is", 3: "Water the", 4: "The fern", 5: "It stands"}
        shifted = [sorted_in(1, seq + 1, "look", quote=quote) for seq, quote in quotes.items()]
        verdict = checked(*shifted)
        assert {o.seq: o.quote for o in kept(verdict)} == quotes
        assert verdict.repaired == 4

    @pytest.mark.parametrize("order", [1, -1])
    def test_a_moved_sentence_does_not_push_out_the_one_that_was_right(self, order: int) -> None:
        right = sorted_in(1, 2, "look", quote="The rose is")
        astray = sorted_in(1, 1, "care", quote="The rose is")
        verdict = checked(*[right, astray][::order], *GOOD[1:])
        assert right in kept(verdict)
        assert len(kept(verdict)) == 4
        assert len(verdict.faults) == verdict.repaired == 1
        assert "sentence 1" in verdict.faults[0]

    def test_quotations_of_text_without_spaces_are_found(self) -> None:
        task = role_task(
            Role.FORMAT_CHECKER,
            window(["玫瑰，很红。", "蕨类很绿。"]),
            identities=[resolved("玫瑰", 1)],
            organized=[sorted_in(1, 2, "look", quote="玫瑰，很")],
        )
        assert [o.seq for o in kept(check_format(task, GARDEN))] == [1]


def test_what_the_content_organizer_reads_passes() -> None:
    task = role_task(
        Role.CONTENT_ORGANIZER,
        window(TEXTS),
        found("rose"),
        [(1, 2, 3)],
        [resolved("rose", 1)],
    )
    items = [
        {"subject": 1, "id": 2, "categories": ["look"], "quote": "The rose"},
        {"subject": 1, "id": 3, "categories": [], "quote": "Water the rose"},
    ]
    answer = json.dumps({"items": items})
    organized = ContentOrganizer().read(task, GARDEN, answer).task
    assert isinstance(organized, RoleTask)
    verdict = check_format(organized, GARDEN)
    assert (kept(verdict), verdict.faults) == (set(organized.organized), ())
