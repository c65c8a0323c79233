"""What is sent, what is found already there, and what stops a run."""

from typing import Any

import pytest

from deploy.cli.production import Production
from deploy.cli.sender import Pace
from deploy.cli.stream_tail import NOTHING, Tail
from deploy.ingest.lines import Fault
from deploy.ingest.reader import Entry
from pipeline.clock import ManualClock
from pipeline.errors import InvalidInputError
from schemas import RawText


class Sent:
    """Stands in for the Kafka producer and keeps what it was given."""

    def __init__(self) -> None:
        self.messages: list[RawText] = []

    def send(self, message: RawText) -> None:
        self.messages.append(message)

    def rows(self) -> list[tuple[int, str, bool]]:
        return [(message.seq, message.text, message.end) for message in self.messages]


class Known:
    """Stands in for the search on Kafka."""

    def __init__(self, tails: dict[str, Tail], *, searched_all: bool = True) -> None:
        self.tails = tails
        self.searched_all = searched_all

    def find(self, stream_id: str) -> Tail | None:
        return self.tails.get(stream_id)


def entries(*texts: str, stream_id: str = "s") -> list[Entry | Fault]:
    return [
        Entry(number, RawText(stream_id=stream_id, seq=number, text=text))
        for number, text in enumerate(texts, start=1)
    ]


def run(
    items: list[Entry | Fault], known: Known | None = None, **options: bool
) -> tuple[Sent, Production, list[str]]:
    sent, warnings, clock = Sent(), list[str](), ManualClock()
    settings: dict[str, Any] = {"append": False, "end": False, "skip_bad": False, **options}
    given: Any = (sent, Pace(None, clock.monotonic, clock.advance), known)
    production = Production(*given, name="talk.txt", warn=warnings.append, **settings)
    list(production.run(items))
    return sent, production, warnings


def test_everything_is_sent_and_the_end_marked_once() -> None:
    sent, _, _ = run(entries("a", "b"), Known({}), end=True)
    assert sent.rows() == [(1, "a", False), (2, "b", False), (3, "", True)]


def test_a_second_run_goes_on_behind_what_is_there() -> None:
    sent, production, _ = run(entries("a", "b", "c"), Known({"s": Tail(2, "b", None)}), end=True)
    assert sent.rows() == [(3, "c", False), (4, "", True)]
    assert production.tally.already_there == 2


def test_a_complete_stream_gets_nothing_more() -> None:
    sent, _, _ = run(entries("a", "b"), Known({"s": Tail(2, "b", 3)}), end=True)
    assert sent.rows() == []


def test_a_stream_left_open_gets_its_end() -> None:
    sent, _, _ = run(entries("a", "b"), Known({"s": Tail(2, "b", None)}), end=True)
    assert sent.rows() == [(3, "", True)]


def test_an_input_that_grew_goes_on_behind_its_end() -> None:
    sent, _, _ = run(entries("a", "b", "c"), Known({"s": Tail(2, "b", 3)}), end=True)
    assert sent.rows() == [(3, "c", False), (4, "", True)]


def test_an_end_of_the_input_itself_is_not_doubled() -> None:
    items = [*entries("a"), Entry(2, RawText(stream_id="s", seq=2, text="", end=True))]
    assert run(items, Known({}), end=True)[0].rows() == [(1, "a", False), (2, "", True)]
    assert run(items, Known({"s": Tail(1, "a", 2)}), end=True)[0].rows() == []


def test_another_text_under_the_same_seq_is_another_input() -> None:
    with pytest.raises(InvalidInputError, match=r"talk\.txt:2: .*another text as seq 2.*--append"):
        run(entries("a", "x", "c"), Known({"s": Tail(2, "b", None)}))


def test_an_input_shorter_than_what_is_there_is_another_input() -> None:
    with pytest.raises(InvalidInputError, match=r"ends at seq 1 .* already has 2"):
        run(entries("a"), Known({"s": Tail(2, "b", None)}))


def test_append_numbers_on() -> None:
    sent, _, _ = run(entries("x", "y"), Known({"s": Tail(2, "b", 3)}), append=True, end=True)
    assert sent.rows() == [(4, "x", False), (5, "y", False), (6, "", True)]


def test_append_to_nothing_starts_at_one() -> None:
    assert run(entries("x"), Known({}), append=True)[0].rows() == [(1, "x", False)]


def test_without_a_search_everything_is_sent_again() -> None:
    assert len(run(entries("a", "b"))[0].messages) == 2


def test_a_stream_beyond_the_search_is_told() -> None:
    sent, _, warnings = run(entries("a"), Known({}, searched_all=False))
    assert len(sent.messages) == 1
    assert len(warnings) == 1
    assert "from its beginning" in warnings[0]


def test_each_stream_has_its_own_place() -> None:
    items = entries("a", "b") + entries("x", "y", stream_id="t")
    sent, production, _ = run(items, Known({"t": Tail(1, "x", None)}), end=True)
    assert [(m.stream_id, m.seq) for m in sent.messages] == [
        ("s", 1),
        ("s", 2),
        ("t", 2),
        ("s", 3),
        ("t", 3),
    ]
    assert production.tally.streams == {"s": Tail(2, "b", 3), "t": Tail(2, "y", 3)}


def test_a_bad_line_stops_the_run_behind_what_was_good() -> None:
    items = [*entries("a"), Fault(2, "not JSON")]
    with pytest.raises(InvalidInputError, match=r"talk\.txt:2: not JSON .*--skip-bad"):
        run(items)


def test_bad_lines_are_skipped_with_a_warning_and_counted() -> None:
    items = [Fault(1, "not JSON"), *entries("a"), Fault(3, "no text", harmless=True)]
    sent, production, warnings = run(items, skip_bad=True)
    assert len(sent.messages) == 1
    assert (production.tally.bad_lines, production.tally.empty_cues) == (1, 1)
    assert warnings == ["talk.txt:1: not JSON; skipped"]


def test_a_tail_follows_the_highest_seq_and_the_end_behind_it() -> None:
    tail = NOTHING
    for seq, text, end in ((1, "a", False), (2, "b", False), (1, "a", False), (3, "", True)):
        tail = tail.after(RawText(stream_id="s", seq=seq, text=text, end=end))
    assert tail == Tail(2, "b", 3)
    assert tail.after(RawText(stream_id="s", seq=3, text="c")) == Tail(3, "c", None)
    assert Tail(-1, "", 3).preceded_by(Tail(2, "b", None)) == Tail(2, "b", 3)
    assert Tail(4, "d", None).preceded_by(Tail(2, "b", 3)) == Tail(4, "d", None)
