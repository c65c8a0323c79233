"""Compares what came out with the truth: the invariants of delivery, each as one function.

They are pure, so that a unit test can plant each fault and see it found.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from schemas.messages import CategorizedRecord, WindowOutcome
from tests.chaos.content import Key, expected


@dataclass(frozen=True)
class ModelCall:
    """A call as the scripted endpoint saw it; `first` and `last` are texts of the window."""

    came_s: float
    replied_s: float | None
    model: str
    role: str
    prompt_version: str
    second: bool
    first: str
    last: str


@dataclass(frozen=True)
class Logged:
    """A finished call in the answer log, and when the broker had it."""

    key: str
    window_id: str
    role: str
    model: str
    prompt_version: str
    second: bool
    logged_s: float


@dataclass(frozen=True)
class Evidence:
    """All that came out of a run; `consumed` is what the deduping consumer printed."""

    streams: dict[str, list[str]]
    consumed: list[CategorizedRecord]
    published: list[CategorizedRecord]
    outcomes: list[WindowOutcome]
    dead_letters: int
    windows: dict[tuple[str, str], set[str]]
    """Ids of the windows by the text of their first and last sentence."""
    calls: list[ModelCall] = field(default_factory=list)
    answers: list[Logged] = field(default_factory=list)


def by_key(records: Iterable[CategorizedRecord]) -> dict[Key, list[int]]:
    """The seqs of the records by stream, subject and category, repetitions included."""
    found: dict[Key, list[int]] = defaultdict(list)
    for record in records:
        seqs = [sentence.seq for sentence in record.sentences]
        found[record.stream_id, record.subject.name, record.category] += seqs
    return found


def lost(evidence: Evidence) -> list[str]:
    """Sentences that the truth has under a subject and category, and no record has."""
    found = by_key(evidence.consumed)
    return [
        f"{key}: {sorted(missing)}"
        for key, seqs in expected(evidence.streams).items()
        if (missing := seqs - set(found.get(key, ())))
    ]


def invented(evidence: Evidence) -> list[str]:
    """Sentences under a subject and category where the truth has none, or with another text."""
    wanted = expected(evidence.streams)
    faults = [
        f"{key}: {sorted(more)}"
        for key, seqs in by_key(evidence.consumed).items()
        if (more := set(seqs) - wanted.get(key, set()))
    ]
    for record in evidence.consumed:
        texts = evidence.streams.get(record.stream_id, [])
        faults += [
            f"{record.record_id}: sentence {s.seq} of {record.stream_id} was not said"
            for s in record.sentences
            if not 1 <= s.seq <= len(texts) or texts[s.seq - 1] != s.text
        ]
    return faults


def duplicated(evidence: Evidence) -> list[str]:
    """Record ids that the deduping consumer gave twice, sentences that stand in two records."""
    ids = Counter(record.record_id for record in evidence.consumed)
    faults = [f"record {name}: {count} times" for name, count in ids.items() if count > 1]
    for key, seqs in by_key(evidence.consumed).items():
        twice = [seq for seq, count in Counter(seqs).items() if count > 1]
        faults += [f"{key}: {sorted(twice)} in several records"] if twice else []
    return faults


def ambiguous(evidence: Evidence) -> list[str]:
    """Revisions that were published with two contents: which one stays would be chance."""
    seen: dict[tuple[str, int], tuple[str, tuple[int, ...]]] = {}
    faults = []
    for record in evidence.published:
        content = (record.op, tuple(sentence.seq for sentence in record.sentences))
        before = seen.setdefault((record.record_id, record.revision), content)
        if before != content:
            faults.append(f"record {record.record_id} revision {record.revision}: two contents")
    return faults


def unaccounted(evidence: Evidence) -> list[str]:
    """Sentences that are in no window's account, or in several windows'; failed windows."""
    faults = [f"{o.window_id}: failed, {o.failed}" for o in evidence.outcomes if o.failed]
    windows = {outcome.window_id: outcome for outcome in evidence.outcomes}
    seen: dict[str, Counter[int]] = defaultdict(Counter)
    for outcome in windows.values():
        seen[outcome.stream_id].update([*outcome.recorded, *outcome.unassigned])
    for stream_id, texts in evidence.streams.items():
        counts = seen[stream_id]
        missing = [seq for seq in range(1, len(texts) + 1) if not counts[seq]]
        twice = [seq for seq, count in counts.items() if count > 1]
        faults += [f"{stream_id}: {missing} in no window"] if missing else []
        faults += [f"{stream_id}: {sorted(twice)} in several windows"] if twice else []
    return faults


def paid_twice(evidence: Evidence) -> list[str]:
    """Calls of an arm for a window and role that came after the first one was finished and logged.

    A repair or a judgment is another call than the answer it is about; so is a call with other
    instructions, which a new release may bring.
    """
    logged: dict[tuple[str, str, str, str, bool], float] = {}
    for answer in evidence.answers:
        arm = (answer.model, answer.prompt_version, answer.second)
        place = (answer.window_id, answer.role, *arm)
        logged[place] = min(answer.logged_s, logged.get(place, answer.logged_s))
    faults = []
    for call in evidence.calls:
        for window_id in evidence.windows.get((call.first, call.last), ()):
            arm = (call.model, call.prompt_version, call.second)
            since_s = logged.get((window_id, call.role, *arm))
            if since_s is not None and call.came_s > since_s:
                faults.append(
                    f"{call.model} as {call.role} for {window_id}: "
                    f"{call.came_s - since_s:.3f} s after the answer was logged"
                )
    return faults


def paid_and_dropped(evidence: Evidence) -> int:
    """Calls beyond one for each (window, role, arm): what was in flight when a worker died."""
    made = Counter((c.first, c.last, c.role, c.model, c.second) for c in evidence.calls)
    return sum(count - 1 for count in made.values())


def violations(evidence: Evidence) -> dict[str, list[str]]:
    """Every invariant that does not hold, with what breaks it."""
    checks = (lost, invented, duplicated, ambiguous, unaccounted, paid_twice)
    found = {check.__name__: faults for check in checks if (faults := check(evidence))}
    if evidence.dead_letters:
        found["dead_letters"] = [f"{evidence.dead_letters} messages"]
    return found
