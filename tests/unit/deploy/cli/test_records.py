"""Revisions, the final state, and how records are printed."""

import io
import json
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from deploy.cli.record_reader import Unreadable
from deploy.cli.record_report import RecordReport
from deploy.cli.record_state import FinalState
from schemas import CategorizedRecord
from tests.unit.deploy.cli.sample_records import a_record


def report(
    category: str | None = None, stream_id: str | None = None, *, as_json: bool = False
) -> tuple[RecordReport, io.StringIO]:
    errors = io.StringIO()
    console = Console(file=errors, soft_wrap=True)
    return RecordReport(category, stream_id, as_json=as_json, errors=console), errors


@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.integers(1, 4), st.sampled_from(["upsert", "delete"])),
        max_size=12,
        unique_by=lambda row: row[:2],
    ),
    st.randoms(use_true_random=False),
)
def test_the_final_state_is_the_last_revision_in_any_order_with_repetitions(
    rows: list[tuple[str, int, str]], random: object
) -> None:
    records = [a_record(rid, revision, op) for rid, revision, op in rows]  # type: ignore[arg-type]
    expected = {}
    for record in sorted(records, key=lambda record: record.revision):
        expected[record.record_id] = record
    shuffled = records * 2
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    state = FinalState()
    for record in shuffled:
        state.apply(record)
    alive = [record for record in expected.values() if record.op == "upsert"]
    assert sorted(state.records(), key=lambda r: r.record_id) == sorted(
        alive, key=lambda r: r.record_id
    )
    assert state.deleted == len(expected) - len(alive)


def test_records_come_by_stream_then_by_where_their_subject_begins() -> None:
    records = [
        a_record("1", subject="Mug", category="price", sentences=((9, "x"),)),
        a_record("2", subject="Mug", category="opening", sentences=((2, "x"),)),
        a_record("3", subject="Lamp", category="opening", sentences=((5, "x"),)),
        a_record("4", stream_id="r", sentences=((50, "x"),)),
    ]
    for order in permutations(records):
        state = FinalState()
        for record in order:
            state.apply(record)
        assert [record.record_id for record in state.records()] == ["4", "2", "1", "3"]


def test_the_listing_has_each_stream_and_subject_once(capsys: pytest.CaptureFixture[str]) -> None:
    printed, errors = report()
    printed.keep(a_record("1", category="opening", sentences=((1, "Here is the mug."),)))
    printed.keep(a_record("2"))
    printed.keep(a_record("3", subject="Lamp"))
    printed.keep(a_record("3", revision=2, subject="Lamp", op="delete"))
    printed.print_final()
    printed.summarize()
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        "stream s",
        "  Mug  (also cup; price: $10)",
        "    opening",
        "         1  Here is the mug.",
        "    price",
        "         3  It is ten dollars.",
    ]
    assert errors.getvalue() == "2 records, 1 deleted\n"


def test_revisions_are_marked_as_they_come(capsys: pytest.CaptureFixture[str]) -> None:
    printed, _ = report()
    for record in (a_record(), a_record(), a_record(revision=2), a_record(revision=3, op="delete")):
        printed.print_revision(record)
    heads = [line for line in capsys.readouterr().out.splitlines() if not line.startswith(" ")]
    assert [head.split("  ")[0] for head in heads] == [
        "new",
        "corrected (revision 2)",
        "deleted (revision 3)",
    ]


def test_json_lines_are_records(capsys: pytest.CaptureFixture[str]) -> None:
    printed, _ = report(as_json=True)
    record = a_record(sentences=((1, "a\u0085\x1bb"),))
    printed.keep(record)
    printed.print_final()
    out = capsys.readouterr().out
    assert CategorizedRecord.model_validate_json(out) == record
    assert json.loads(out)["sentences"][0]["text"] == "a\u0085\x1bb"
    assert "\u0085" not in out
    assert "\x1b" not in out


def test_what_models_and_streams_wrote_cannot_steer_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    evil = "\x1b]0;x\x07\nnew  fake [bold]markup[/bold]"
    printed, errors = report()
    record = a_record(stream_id=evil, subject=evil, category=evil, sentences=((1, evil),))
    printed.print_revision(record)
    printed.keep(record)
    printed.print_final()
    printed.print_revision(Unreadable("records-x[0]@1", evil))
    out = capsys.readouterr().out
    assert "\x1b" not in out + errors.getvalue()
    assert "\x07" not in out + errors.getvalue()
    assert out.count("\n") == 6
    assert "[bold]markup[/bold]" in out


def test_only_the_wanted_category_and_stream_are_printed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    printed, errors = report("price", "s", as_json=True)
    printed.keep(a_record("1"))
    printed.keep(a_record("2", category="opening"))
    printed.keep(a_record("3", stream_id="t"))
    printed.print_final()
    assert len(capsys.readouterr().out.splitlines()) == 1
    absent, errors = report("colour")
    absent.keep(a_record())
    absent.print_final()
    absent.summarize()
    assert "there are: price" in errors.getvalue()


def test_unreadable_messages_are_told_and_counted(capsys: pytest.CaptureFixture[str]) -> None:
    printed, errors = report()
    printed.keep(Unreadable("records-x[2]@15", "CategorizedRecord: value: Invalid JSON"))
    printed.print_final()
    printed.summarize()
    assert capsys.readouterr().out == ""
    told, counts = errors.getvalue().splitlines()
    assert "records-x[2]@15" in told
    assert "1 messages could not be read" in counts
