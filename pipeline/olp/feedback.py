"""Scores what an arm answered against what people say of the same sentences."""

from collections.abc import Iterable, Mapping

from schemas.rewards import Feedback, FeedbackSentence, FeedbackSubject
from schemas.role_task import FoundSubject, RoleTask
from schemas.roles import Role

_MIN_LABELLED_SHARE = 0.8
_MIN_SENTENCES_OF_SUBJECT = 3


def quality(role: Role, answered: RoleTask, feedback: Feedback) -> float | None:
    """How well `answered`, the task with the role's part added, agrees with people: 0 to 1.

    Topic finder: F1 of the subjects people see in the window, matched by name or alias. Locator:
    F1 of (subject, sentence) pairs of the subjects it was given. Relationship checker: share of
    subject pairs judged alike. Content organizer: micro F1 of the categories of the sentences it
    was offered, where `also` categories are neither asked for nor wrong. None when the feedback
    does not cover enough of the window, or there is nothing to compare.
    """
    seqs = {sentence.seq for sentence in answered.window.sentences}
    labels = {label.seq: label for label in feedback.sentences if label.seq in seqs}
    if not labels:
        return None
    if role is Role.CONTENT_ORGANIZER:
        return _organizer(answered, labels)
    if len(labels) < _MIN_LABELLED_SHARE * len(seqs):
        return None
    if role is Role.TOPIC_FINDER:
        return _finder(answered, labels, feedback.subjects)
    if role is Role.TOPIC_LOCATOR:
        return _locator(answered, labels, feedback.subjects)
    if role is Role.RELATIONSHIP_CHECKER:
        return _relationship(answered, feedback.subjects)
    return None


def f1(right: int, answered: int, wanted: int) -> float | None:
    """Harmonic mean of precision and recall; None if nothing was answered and nothing wanted."""
    if answered + wanted == 0:
        return None
    return 2 * right / (answered + wanted)


def same_name(names: Iterable[str], others: Iterable[str]) -> bool:
    """Whether two things share a name: equal, or one inside the other as whole words."""
    left = [_folded(name) for name in names]
    right = [_folded(name) for name in others]
    return any(_within(a, b) or _within(b, a) for a in left for b in right)


def _finder(
    task: RoleTask, labels: Mapping[int, FeedbackSentence], subjects: Iterable[FeedbackSubject]
) -> float | None:
    counts: dict[str, int] = {}
    for label in labels.values():
        if label.subject is not None:
            counts[label.subject] = counts.get(label.subject, 0) + 1
    wanted = [s for s in subjects if counts.get(s.key, 0) >= _MIN_SENTENCES_OF_SUBJECT]
    passing = [s for s in subjects if 0 < counts.get(s.key, 0) < _MIN_SENTENCES_OF_SUBJECT]
    matched = sum(1 for s in wanted if any(_is(found, s) for found in task.subjects))
    counted = [
        found
        for found in task.subjects
        if any(_is(found, s) for s in wanted) or not any(_is(found, s) for s in passing)
    ]
    hits = sum(1 for found in counted if any(_is(found, s) for s in wanted))
    if not wanted:
        return None if not counted else 0.0
    recall = matched / len(wanted)
    precision = hits / len(counted) if counted else 0.0
    return 0.0 if recall + precision == 0 else 2 * recall * precision / (recall + precision)


def _locator(
    task: RoleTask, labels: Mapping[int, FeedbackSentence], subjects: Iterable[FeedbackSubject]
) -> float | None:
    wanted, answered = set(), set()
    known = list(subjects)
    for found in task.subjects:
        gold = next((s for s in known if _is(found, s)), None)
        if gold is None:
            continue
        wanted |= {(gold.key, seq) for seq, label in labels.items() if label.subject == gold.key}
        for span in task.spans:
            if span.subject == found.number:
                answered |= {(gold.key, seq) for seq in labels if span.first <= seq <= span.last}
    return f1(len(wanted & answered), len(answered), len(wanted))


def _relationship(task: RoleTask, subjects: Iterable[FeedbackSubject]) -> float | None:
    known = list(subjects)
    keys: dict[int, str] = {}
    group: dict[int, int] = {}
    for index, resolved in enumerate(task.resolved):
        for number in resolved.numbers:
            group[number] = index
    for found in task.subjects:
        gold = next((s for s in known if _is(found, s)), None)
        if gold is not None:
            keys[found.number] = gold.key
    pairs = [
        (keys[a] == keys[b], group.get(a) == group.get(b)) for a in keys for b in keys if a < b
    ]
    for index, resolved in enumerate(task.resolved):
        members = [keys[n] for n in resolved.numbers if n in keys]
        gold = next((s for s in known if same_name([resolved.subject.name], _names(s))), None)
        if members and gold is not None and group[resolved.numbers[0]] == index:
            pairs += [(member == gold.key, True) for member in members]
    if not pairs:
        return None
    return sum(1 for wanted, said in pairs if wanted == said) / len(pairs)


def _organizer(task: RoleTask, labels: Mapping[int, FeedbackSentence]) -> float | None:
    said: dict[int, set[str]] = {}
    for item in task.organized:
        said.setdefault(item.seq, set()).update(item.categories)
    right = answered = wanted = 0
    for seq, names in said.items():
        label = labels.get(seq)
        if label is None:
            continue
        gold = set(label.categories)
        right += len(names & gold)
        answered += len(names - (set(label.also) - gold))
        wanted += len(gold)
    return f1(right, answered, wanted)


def _is(found: FoundSubject, gold: FeedbackSubject) -> bool:
    return same_name([found.name, *found.aliases], _names(gold))


def _names(gold: FeedbackSubject) -> list[str]:
    return [gold.name, *gold.aliases]


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())


def _within(part: str, whole: str) -> bool:
    if part == whole:
        return True
    if not part or len(part) < 2:
        return False
    if part.isascii() or " " in part:
        return f" {part} " in f" {whole} "
    return part in whole
