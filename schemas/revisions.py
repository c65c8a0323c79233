"""For consumers of records: each record once, in its last revision."""

from collections import OrderedDict
from enum import StrEnum

from schemas.codec import decode
from schemas.messages import CategorizedRecord

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

    def news(self, value: bytes | None) -> CategorizedRecord | None:
        """The record in a message of `records-<domain>`; None if it changes nothing.

        Raises DecodeError for a value that is no record.
        """
        record = decode(CategorizedRecord, value)
        return None if self.change(record) is None else record
