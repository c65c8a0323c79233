"""The records of a domain as they are after all revisions."""

from schemas import CategorizedRecord


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
