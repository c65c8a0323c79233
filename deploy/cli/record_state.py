"""Keeps the last revision of each record, so that every record is seen once."""

from collections import OrderedDict
from enum import StrEnum

from schemas import CategorizedRecord

MAX_REMEMBERED = 200_000


class Change(StrEnum):
    """What a message does to its record."""

    NEW = "new"
    CORRECTED = "corrected"
    DELETED = "deleted"


class RevisionMemory:
    """Tells the revisions of a record that are news from those that are repeated or overtaken.

    Of records beyond the `most` latest ones nothing is remembered: a repetition of such an old
    one counts as news.
    """

    def __init__(self, most: int = MAX_REMEMBERED) -> None:
        self._most = most
        self._revisions: OrderedDict[str, int] = OrderedDict()

    def change(self, record: CategorizedRecord) -> Change | None:
        """What `record` changes, None if nothing: its revision is not above the last one seen."""
        if record.revision <= self._revisions.get(record.record_id, 0):
            return None
        self._revisions[record.record_id] = record.revision
        self._revisions.move_to_end(record.record_id)
        while len(self._revisions) > self._most:
            self._revisions.popitem(last=False)
        if record.op == "delete":
            return Change.DELETED
        return Change.NEW if record.revision == 1 else Change.CORRECTED


class FinalState:
    """The records as they are after all messages, deletions applied."""

    def __init__(self) -> None:
        self._records: dict[str, CategorizedRecord] = {}

    def apply(self, record: CategorizedRecord) -> None:
        """Take in `record`, unless a revision at least as high was there before."""
        known = self._records.get(record.record_id)
        if known is None or record.revision > known.revision:
            self._records[record.record_id] = record

    @property
    def deleted(self) -> int:
        """How many records end as deleted."""
        return sum(1 for record in self._records.values() if record.op == "delete")

    def records(self) -> list[CategorizedRecord]:
        """The records that exist, by stream, then by where they begin in it."""
        alive = [record for record in self._records.values() if record.op == "upsert"]
        first_seqs: dict[tuple[str, str], int] = {}
        for record in alive:
            subject = (record.stream_id, record.subject.subject_id)
            seq = record.sentences[0].seq
            first_seqs[subject] = min(seq, first_seqs.get(subject, seq))

        def place(record: CategorizedRecord) -> tuple[str, int, str, int, str, int]:
            subject = (record.stream_id, record.subject.subject_id)
            return (
                record.stream_id,
                first_seqs[subject],
                record.subject.subject_id,
                record.sentences[0].seq,
                record.category,
                record.part,
            )

        return sorted(alive, key=place)
