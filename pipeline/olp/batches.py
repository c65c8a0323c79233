"""A window's subjects in several calls: which go together, and how the answers become one."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from pipeline.domains import Domain
from pipeline.olp.answer_json import as_int, extract_object
from pipeline.olp.role import BatchedLogic, Reading, Subjects
from schemas.role_task import RoleTask


@dataclass(frozen=True)
class Merged:
    """Several answers as one, and how that reads as an answer about all subjects."""

    answer: str
    reading: Reading


def evenly(numbers: Sequence[int], size: int) -> list[Sequence[int]]:
    """`numbers` in as few batches of at most `size` as there can be, alike in size; 0: in one."""
    if size == 0 or len(numbers) <= size:
        return [numbers]
    count = -(-len(numbers) // size)
    bounds = [place * len(numbers) // count for place in range(count + 1)]
    return [numbers[start:end] for start, end in pairwise(bounds)]


def merged(
    logic: BatchedLogic,
    task: RoleTask,
    domain: Domain,
    answers: Iterable[tuple[Subjects | None, str]],
) -> Merged | None:
    """One answer of `answers`, each with the subjects that were asked about.

    What an answer says of a subject that it was not asked about is dropped, and counted as such:
    the call that asked knows better. None if an answer has no list.
    """
    kept: list[str] = []
    strayed: list[str] = []
    for only, answer in answers:
        value = extract_object(answer, logic.listed)
        items = value.get(logic.listed) if value is not None else None
        if not isinstance(items, list):
            return None
        for item in items:
            number = as_int(item.get("subject")) if isinstance(item, dict) else None
            if only is not None and number is not None and number not in only:
                strayed.append(f"{logic.listed}: subject {number} was not asked about")
                continue
            try:
                kept.append(_json(item))
            except (ValueError, RecursionError):
                strayed.append(f"{logic.listed}: an item that is nested too deeply")
    text = f'{{"{logic.listed}": [{", ".join(kept)}]}}'
    reading = logic.read(task, domain, text)
    return Merged(
        text,
        replace(
            reading,
            faults=(*reading.faults, *strayed),
            dropped=reading.dropped + len(strayed),
            items=reading.items + len(strayed),
        ),
    )


def _json(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    # Unpaired surrogates, which only an escape can carry.
    return text if text.isascii() or _encodes(text) else json.dumps(value)


def _encodes(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
