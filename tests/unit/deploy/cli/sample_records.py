"""Builds categorised records for the tests of `consume`."""

from datetime import UTC, datetime
from typing import Literal

from schemas import CategorizedRecord
from schemas.messages import ProducedBy, Sentence, Subject


def a_record(
    record_id: str = "r1",
    revision: int = 1,
    op: Literal["upsert", "delete"] = "upsert",
    *,
    stream_id: str = "s",
    subject: str = "Mug",
    category: str = "price",
    sentences: tuple[tuple[int, str], ...] = ((3, "It is ten dollars."),),
) -> CategorizedRecord:
    """A record of one subject; a delete has no sentences."""
    kept = () if op == "delete" else tuple(Sentence(seq=q, text=text) for q, text in sentences)
    return CategorizedRecord(
        record_id=record_id,
        revision=revision,
        op=op,
        domain="ecommerce",
        stream_id=stream_id,
        window_id="w",
        subject=Subject(
            subject_id=f"id-{subject}", name=subject, aliases=("cup",), attributes={"price": "$10"}
        ),
        category=category,
        sentences=kept,
        span=(kept[0].seq, kept[-1].seq) if kept else None,
        produced_by={
            "content_organizer": ProducedBy(model="m", prompt_version="1", decision_id="d")
        },
        at=datetime(2026, 1, 1, tzinfo=UTC),
    )
