"""Format checker: is the organised window fit to become records? Repairs small faults once."""

import re
from dataclasses import dataclass

from pipeline.domains import Domain
from pipeline.olp.role import MAX_DROPPED_SHARE
from schemas.role_task import OrganizedSentence, RoleTask

CHECKER_VERSION = "format-1"
_LETTERS = re.compile(r"\w+")


@dataclass(frozen=True)
class Verdict:
    """What the check found.

    `task` is fit for records, or None if too much is wrong; `faults` are one line each;
    `repaired` counts sentences that were dropped or moved to where their quotation stands.
    """

    task: RoleTask | None
    faults: tuple[str, ...]
    repaired: int


def check_format(task: RoleTask, domain: Domain) -> Verdict:
    """Check ids, subjects, categories and quotations of an organised window.

    A sentence with a wrong quotation is moved to the one sentence of the window that has it, if
    nothing is said of that one for the subject, else dropped. If more than a quarter of the
    sentences is wrong, the answer as a whole is refused.
    """
    texts = {sentence.seq: sentence.text for sentence in task.window.sentences}
    legal = set(domain.category_names)
    subjects = range(1, len(task.resolved) + 1)
    fit: list[tuple[OrganizedSentence, OrganizedSentence]] = []
    faults: list[str] = []
    for item in task.organized:
        unknown = [name for name in item.categories if name not in legal]
        if item.seq not in texts:
            faults.append(f"sentence {item.seq} is not in the window")
        elif item.subject not in subjects:
            faults.append(f"sentence {item.seq}: there is no subject {item.subject}")
        elif unknown:
            faults.append(f"sentence {item.seq}: {unknown[0]!r} is no category of {domain.name}")
        else:
            placed = _place(item, texts)
            if placed is None:
                faults.append(f"sentence {item.seq}: the quotation is not in the window")
            else:
                fit.append((item, placed))
    kept: dict[tuple[int, int], OrganizedSentence] = {}
    repaired = 0
    for item, placed in sorted(fit, key=lambda pair: pair[0].seq != pair[1].seq):
        if (placed.subject, placed.seq) in kept:
            faults.append(f"sentence {item.seq}: sentence {placed.seq} is answered already")
        else:
            kept[placed.subject, placed.seq] = placed
            repaired += placed.seq != item.seq
    for span in task.spans:
        if span.first not in texts or span.last not in texts or span.first > span.last:
            faults.append(f"span {span.first}-{span.last} is not inside the window")
    if len(faults) > MAX_DROPPED_SHARE * max(len(task.organized), 1):
        return Verdict(None, tuple(faults), 0)
    checked = task.model_copy(update={"organized": tuple(kept.values())})
    return Verdict(checked, tuple(faults), repaired + len(faults))


def _place(item: OrganizedSentence, texts: dict[int, str]) -> OrganizedSentence | None:
    quote = _folded(item.quote or "")
    if not quote or quote in _folded(texts[item.seq]):
        return item
    places = [seq for seq, text in texts.items() if quote in _folded(text)]
    if len(places) != 1:
        return None
    return item.model_copy(update={"seq": places[0]})


def _folded(text: str) -> str:
    return " ".join(_LETTERS.findall(text.casefold()))
