"""Topic locator: where does each subject of the window begin and end, each time it comes up?"""

from pipeline.domains import Domain
from pipeline.olp.answer_json import as_int, extract_object
from pipeline.olp.role import (
    Prompt,
    Reading,
    Subjects,
    build_prompt,
    list_schema,
    numbered_sentences,
    object_schema,
)
from pipeline.prompt_format import PromptSubject, TaskPrompt
from schemas.role_task import FoundSubject, RoleTask, Span
from schemas.roles import Role

_MAX_SPANS = 60


class TopicLocator:
    """Asks for all stretches of each subject; checks order, bounds and coverage."""

    role = Role.TOPIC_LOCATOR
    listed = "spans"

    def asked(self, task: RoleTask) -> tuple[int, ...]:
        """All subjects of the window."""
        return tuple(subject.number for subject in task.subjects)

    def skips(self, task: RoleTask) -> RoleTask | None:
        """Without subjects there is nothing to locate."""
        return None if task.subjects else task.model_copy(update={"spans": ()})

    def prompt(
        self, task: RoleTask, domain: Domain, quotes: bool = False, only: Subjects | None = None
    ) -> Prompt:
        """The window's sentences and its subjects."""
        subjects = _among(task, only)
        highest = max((subject.number for subject in subjects), default=0)
        number = {"type": "integer", "minimum": 1, "maximum": highest}
        place = {"type": "integer", "minimum": 1, "maximum": len(task.window.sentences)}
        span = object_schema({"subject": number, "first": place, "last": place})
        return build_prompt(
            domain,
            TaskPrompt(
                role=self.role.value,
                domain=domain.name,
                lang=task.window.lang,
                attributes=(),
                categories=(),
                subjects=tuple(
                    PromptSubject(number=s.number, name=s.name, aliases=s.aliases) for s in subjects
                ),
                sentences=numbered_sentences(task),
            ),
            object_schema({"spans": list_schema(span, _MAX_SPANS)}),
            max_output_tokens=1200,
        )

    def read(
        self, task: RoleTask, domain: Domain, answer: str, only: Subjects | None = None
    ) -> Reading:
        """Keep spans inside the window of subjects that exist; join those that touch."""
        value = extract_object(answer, "spans")
        listed = value.get("spans") if value is not None else None
        if not isinstance(listed, list):
            return Reading(None, ('the answer has no list "spans"',), 1, 1, {})
        subjects = _among(task, only)
        numbers = {subject.number for subject in subjects}
        size = len(task.window.sentences)
        kept: list[tuple[int, int, int]] = []
        faults: list[str] = []
        for index, item in enumerate(listed, start=1):
            fields = item if isinstance(item, dict) else {}
            subject, first, last = (as_int(fields.get(key)) for key in ("subject", "first", "last"))
            if subject is None or first is None or last is None:
                faults.append(f"spans[{index}]: needs whole numbers subject, first and last")
            elif subject not in numbers:
                faults.append(f"spans[{index}]: there is no subject {subject}")
            elif not 1 <= first <= last <= size:
                faults.append(f"spans[{index}]: {first}-{last} is not a range within 1-{size}")
            else:
                kept.append((subject, first, last))
        joined = _join(kept)
        spans = tuple(
            Span(
                subject=subject,
                first=task.window.sentences[first - 1].seq,
                last=task.window.sentences[last - 1].seq,
            )
            for subject, first, last in joined
        )
        located = {subject for subject, _, _ in joined}
        return Reading(
            task.model_copy(update={"spans": spans}),
            tuple(faults),
            len(faults),
            max(len(listed), 1),
            {
                "every_subject_located": located == numbers,
                "mentions_inside": _mentions_inside(task, subjects, joined),
                "little_overlap": _overlap_share(joined, size) <= 0.3,
            },
        )


def _among(task: RoleTask, only: Subjects | None) -> tuple[FoundSubject, ...]:
    return tuple(s for s in task.subjects if only is None or s.number in only)


def _join(spans: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    joined: list[tuple[int, int, int]] = []
    for subject, first, last in sorted(spans):
        if joined and joined[-1][0] == subject and first <= joined[-1][2] + 1:
            joined[-1] = (subject, joined[-1][1], max(last, joined[-1][2]))
        else:
            joined.append((subject, first, last))
    return joined


def _mentions_inside(
    task: RoleTask, subjects: tuple[FoundSubject, ...], spans: list[tuple[int, int, int]]
) -> bool:
    # A locator that misses half of the places where a name is spoken is not to be trusted.
    spoken = inside = 0
    for subject in subjects:
        names = [name.casefold() for name in (subject.name, *subject.aliases)]
        for number, sentence in enumerate(task.window.sentences, start=1):
            if any(name in sentence.text.casefold() for name in names):
                spoken += 1
                inside += any(
                    first <= number <= last for who, first, last in spans if who == subject.number
                )
    return inside * 2 >= spoken


def _overlap_share(spans: list[tuple[int, int, int]], size: int) -> float:
    covered = [0] * (size + 1)
    for _, first, last in spans:
        for number in range(first, last + 1):
            covered[number] += 1
    return sum(1 for count in covered if count > 1) / size
