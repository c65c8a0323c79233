"""Writes records for people; nothing in them can steer the terminal."""

from collections.abc import Iterator, Sequence

from rich.text import Text

from deploy.cli.visible_text import visible_line
from schemas import CategorizedRecord
from schemas.revisions import Change

_CHANGE_STYLES = {Change.NEW: "green", Change.CORRECTED: "yellow", Change.DELETED: "red"}
_WIDTH_OF_SEQ = 6


def listing(records: Sequence[CategorizedRecord]) -> Iterator[Text]:
    """The lines of all `records`, which must be sorted by stream and subject."""
    stream = subject = None
    for record in records:
        if record.stream_id != stream:
            stream, subject = record.stream_id, None
            yield Text(f"stream {visible_line(stream)}", "bold")
        if record.subject.subject_id != subject:
            subject = record.subject.subject_id
            yield Text.assemble("  ", _subject(record))
        yield Text(f"    {visible_line(record.category)}", "green")
        yield from _sentences(record)


def revision(record: CategorizedRecord, change: Change) -> Iterator[Text]:
    """The lines of one revision as it comes, with what it changes."""
    note: str = change
    if change is not Change.NEW:
        note += f" (revision {record.revision})"
    yield Text.assemble(
        (note, _CHANGE_STYLES[change]),
        "  ",
        (visible_line(record.category), "green"),
        "  ",
        _subject(record),
        (f"  stream {visible_line(record.stream_id)}", "dim"),
    )
    yield from _sentences(record)


def _subject(record: CategorizedRecord) -> Text:
    subject = record.subject
    known = [f"{name}: {value}" for name, value in subject.attributes.items() if value is not None]
    if subject.aliases:
        known.insert(0, "also " + ", ".join(subject.aliases))
    more = f"  ({visible_line('; '.join(known))})" if known else ""
    return Text.assemble((visible_line(subject.name), "bold cyan"), (more, "dim"))


def _sentences(record: CategorizedRecord) -> Iterator[Text]:
    for sentence in record.sentences:
        yield Text.assemble(
            (f"{sentence.seq:>{_WIDTH_OF_SEQ + 4}}", "dim"), "  ", visible_line(sentence.text)
        )
