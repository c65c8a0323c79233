"""Subject identity: who in this window is the same as whom, here and earlier in the stream."""

from collections.abc import Iterable, Mapping, Sequence

from pipeline.olp.subject_names import name_key
from schemas.ids import subject_id
from schemas.messages import Subject
from schemas.role_task import FoundSubject, ResolvedSubject, RoleTask

_MAX_ALIASES = 12


def resolve(
    task: RoleTask, known: Sequence[Subject], pairs: Iterable[tuple[int, int]]
) -> tuple[ResolvedSubject, ...]:
    """Unite the window's subjects with each other and with earlier ones.

    `pairs` number the earlier subjects from 1, the window's after them. Equal names are the same
    without being told, whatever the pairs say. A name of the window links to one earlier subject
    only, the first that it is paired with: else one wrong pair would merge two subjects for good.
    Two earlier subjects are merged only by a pair of their own; the older identity stays.
    """
    equal = _equal_names(task.subjects, known)
    pairs = sorted(set(pairs) | set(equal))
    offset = len(known)
    survivor = _merge_known(known, pairs)
    by_name = {
        right - offset: survivor[left - 1] for left, right in reversed(equal) if left <= offset
    }
    group_of = _merge_window(task.subjects, pairs, offset, by_name)
    link = {group_of[number]: index for number, index in by_name.items()}
    for left, right in pairs:
        if left <= offset < right:
            link.setdefault(group_of[right - offset], survivor[left - 1])
    groups: dict[tuple[bool, int], list[FoundSubject]] = {}
    for found in task.subjects:
        group = group_of[found.number]
        key = (True, link[group]) if group in link else (False, group)
        groups.setdefault(key, []).append(found)
    resolved = []
    for (is_known, index), members in groups.items():
        earlier = [known[i] for i in range(offset) if survivor[i] == index] if is_known else []
        resolved.append(_unite(task, earlier, members))
    return tuple(resolved)


def _unite(
    task: RoleTask, earlier: Sequence[Subject], members: Sequence[FoundSubject]
) -> ResolvedSubject:
    window = task.window
    first = members[0]
    named: list[Subject | FoundSubject] = [*earlier, *members]
    name = named[0].name
    aliases: dict[str, str] = {}
    for item in named:
        for alias in (item.name, *item.aliases):
            if alias.casefold() != name.casefold():
                aliases.setdefault(alias.casefold(), alias)
    attributes: dict[str, str | None] = {}
    for item in named:
        attributes.update({k: v for k, v in item.attributes.items() if v is not None})
    identity = (
        earlier[0].subject_id
        if earlier
        else subject_id(window.domain, window.stream_id, window.window_id, first.name)
    )
    return ResolvedSubject(
        subject=Subject(
            subject_id=identity,
            name=name,
            aliases=tuple(aliases.values())[:_MAX_ALIASES],
            attributes=attributes,
        ),
        numbers=tuple(member.number for member in members),
        merged_ids=tuple(item.subject_id for item in earlier[1:]),
    )


def _merge_known(known: Sequence[Subject], pairs: Iterable[tuple[int, int]]) -> list[int]:
    survivor = list(range(len(known)))
    for left, right in pairs:
        if right <= len(known):
            old, new = survivor[right - 1], survivor[left - 1]
            survivor = [min(old, new) if s in (old, new) else s for s in survivor]
    return survivor


def _merge_window(
    found: Sequence[FoundSubject],
    pairs: Iterable[tuple[int, int]],
    offset: int,
    by_name: Mapping[int, int],
) -> dict[int, int]:
    group = {subject.number: subject.number for subject in found}
    for left, right in pairs:
        if left > offset:
            a, b = group[left - offset], group[right - offset]
            if len({index for n, index in by_name.items() if group[n] in (a, b)}) <= 1:
                group = {n: min(a, b) if g in (a, b) else g for n, g in group.items()}
    return group


def _equal_names(found: Sequence[FoundSubject], known: Sequence[Subject]) -> list[tuple[int, int]]:
    names = [name_key(subject.name) for subject in known] + [name_key(f.name) for f in found]
    numbers = [*range(1, len(known) + 1), *(len(known) + f.number for f in found)]
    pairs = []
    for i, left in enumerate(names):
        for j in range(max(i + 1, len(known)), len(names)):
            if left == names[j]:
                pairs.append((numbers[i], numbers[j]))
    return pairs
