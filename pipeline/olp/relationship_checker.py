"""Relationship checker: which names are the same subject, in the window and along the stream?

The stream's earlier subjects reach `known`; a prompt numbers them first, the window's after them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from pipeline.domains import Domain
from pipeline.olp.answer_json import as_int, extract_object
from pipeline.olp.registry import Registry
from pipeline.olp.role import (
    Prompt,
    Reading,
    build_prompt,
    list_schema,
    numbered_sentences,
    object_schema,
)
from pipeline.olp.subjects import resolve
from pipeline.prompt_format import PromptSubject, TaskPrompt
from schemas.messages import Subject
from schemas.role_task import FoundSubject, RoleTask
from schemas.roles import Role

_EVIDENCE = 5


@dataclass(frozen=True)
class RelationshipChecker:
    """Asks for pairs; `registry` is what the stream has presented so far.

    `shown` bounds how many earlier subjects a prompt lists.
    """

    registry: Registry
    shown: int = 24
    role: Role = Role.RELATIONSHIP_CHECKER
    _candidates: dict[int, tuple[tuple[FoundSubject, ...], tuple[Subject, ...]]] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )

    def skips(self, task: RoleTask) -> RoleTask | None:
        """With fewer than two subjects to compare there is nothing to decide."""
        known = self._known(task)
        if len(known) + len(task.subjects) >= 2 and task.subjects:
            return None
        return self._resolved(task, known, [])

    def prompt(self, task: RoleTask, domain: Domain, quotes: bool = False) -> Prompt:
        """Earlier subjects first, then the window's with sentences where they come up."""
        known = self._known(task)
        total = len(known) + len(task.subjects)
        number = {"type": "integer", "minimum": 1, "maximum": total}
        pair = {"type": "array", "items": number, "minItems": 2, "maxItems": 2}
        subjects = [
            PromptSubject(number=n, name=subject.name, aliases=subject.aliases, known=True)
            for n, subject in enumerate(known, start=1)
        ]
        subjects += [
            PromptSubject(
                number=len(known) + found.number,
                name=found.name,
                aliases=found.aliases,
                evidence=self._evidence(task, found.number),
            )
            for found in task.subjects
        ]
        return build_prompt(
            domain,
            TaskPrompt(
                role=self.role.value,
                domain=domain.name,
                lang=task.window.lang,
                attributes=(),
                categories=(),
                subjects=tuple(subjects),
                sentences=self._sentences(task),
            ),
            object_schema({"same": list_schema(pair, 2 * total)}),
            max_output_tokens=400,
        )

    def read(self, task: RoleTask, domain: Domain, answer: str) -> Reading:
        """Keep pairs of two numbers that exist; identity follows from them and from the names."""
        value = extract_object(answer, "same")
        listed = value.get("same") if value is not None else None
        if not isinstance(listed, list):
            return Reading(None, ('the answer has no list "same"',), 1, 1, {})
        known = self._known(task)
        total = len(known) + len(task.subjects)
        pairs: list[tuple[int, int]] = []
        faults: list[str] = []
        for index, item in enumerate(listed, start=1):
            numbers = [as_int(n) for n in item] if isinstance(item, list) else []
            if len(numbers) != 2 or any(n is None or not 1 <= n <= total for n in numbers):
                faults.append(f"same[{index}]: needs two subject numbers within 1-{total}")
                continue
            left, right = sorted(n for n in numbers if n is not None)
            if left != right:
                pairs.append((left, right))
        possible = total * (total - 1) / 2
        return Reading(
            self._resolved(task, known, pairs),
            tuple(faults),
            len(faults),
            max(len(listed), 1),
            {
                "not_all_the_same": total < 3 or len(set(pairs)) <= possible / 2,
                "equal_names_paired": _equal_names_paired(known, task, set(pairs)),
            },
        )

    def _resolved(
        self, task: RoleTask, known: Sequence[Subject], pairs: list[tuple[int, int]]
    ) -> RoleTask:
        return task.model_copy(update={"resolved": resolve(task, known, pairs)})

    def _known(self, task: RoleTask) -> tuple[Subject, ...]:
        kept = self._candidates.get(id(task.subjects))
        if kept is None:
            known = self.registry.candidates(task.subjects, self.shown)
            # The subjects are kept with it, so that nothing else can get their id.
            kept = self._candidates[id(task.subjects)] = task.subjects, known
        return kept[1]

    def _evidence(self, task: RoleTask, number: int) -> tuple[int, ...]:
        starts = [span.first for span in task.spans if span.subject == number]
        places = {s.seq: n for n, s in enumerate(task.window.sentences, start=1)}
        first = places[starts[0]] if starts else 1
        last = min(first + _EVIDENCE, len(task.window.sentences) + 1)
        return tuple(range(first, last)) if starts else ()

    def _sentences(self, task: RoleTask) -> tuple[tuple[int, str], ...]:
        wanted = {n for found in task.subjects for n in self._evidence(task, found.number)}
        return tuple(item for item in numbered_sentences(task) if item[0] in wanted)


def _equal_names_paired(
    known: Sequence[Subject], task: RoleTask, pairs: set[tuple[int, int]]
) -> bool:
    for found in task.subjects:
        for number, subject in enumerate(known, start=1):
            same_name = subject.name.casefold() == found.name.casefold()
            if same_name and (number, len(known) + found.number) not in pairs:
                return False
    return True
