"""The corpus of hostile sentences."""

import json
from dataclasses import dataclass
from pathlib import Path

CORPUS = Path(__file__).with_name("corpus.jsonl")


@dataclass(frozen=True)
class Attack:
    """One hostile sentence; `kind` says what it tries."""

    id: str
    lang: str
    kind: str
    text: str


def attacks() -> tuple[Attack, ...]:
    """All of them, in the order of the file; `repeat` there multiplies a text."""
    rows = [json.loads(line) for line in CORPUS.read_text(encoding="utf-8").splitlines()]
    return tuple(
        Attack(row["id"], row["lang"], row["kind"], row["text"] * row.get("repeat", 1))
        for row in rows
    )
