"""Content organizer: the sentences of each subject, by category."""

from pipeline.domains import Domain
from pipeline.olp.answer_json import as_int, as_name, extract_object
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
from schemas.role_task import OrganizedSentence, RoleTask
from schemas.roles import Role

_MIN_ANSWERED_SHARE = 0.8
_MAX_QUOTE = 2000


class ContentOrganizer:
    """Offers every located sentence for its subject; a sentence may get several categories."""

    role = Role.CONTENT_ORGANIZER
    listed = "items"

    def asked(self, task: RoleTask) -> tuple[int, ...]:
        """The subjects that sentences are offered for."""
        return tuple(number for number, places in self._offered(task).items() if places)

    def skips(self, task: RoleTask) -> RoleTask | None:
        """Without located sentences there is nothing to sort."""
        return None if any(self._offered(task).values()) else _organized(task, {}, {})

    def prompt(
        self, task: RoleTask, domain: Domain, quotes: bool = False, only: Subjects | None = None
    ) -> Prompt:
        """The located sentences, the subjects they are offered for, and the categories."""
        offered = self._offered(task, only)
        most = sum(len(numbers) for numbers in offered.values())
        names = {"type": "string", "enum": list(domain.category_names)}
        fields = {
            "subject": {"type": "integer", "minimum": 1, "maximum": max(offered, default=0)},
            "id": {"type": "integer", "minimum": 1, "maximum": len(task.window.sentences)},
            "categories": list_schema(names, min(3, len(domain.categories))),
        }
        if quotes:
            fields["quote"] = {
                "type": "string",
                "maxLength": 40,
                "description": "the first words of the sentence, verbatim",
            }
        item = object_schema(fields)
        wanted = {number for numbers in offered.values() for number in numbers}
        return build_prompt(
            domain,
            TaskPrompt(
                role=self.role.value,
                domain=domain.name,
                lang=task.window.lang,
                attributes=(),
                categories=domain.category_names,
                subjects=tuple(
                    PromptSubject(
                        number=number,
                        name=task.resolved[number - 1].subject.name,
                        aliases=task.resolved[number - 1].subject.aliases,
                        offered=places,
                    )
                    for number, places in offered.items()
                ),
                sentences=tuple(s for s in numbered_sentences(task) if s[0] in wanted),
            ),
            object_schema({"items": list_schema(item, most)}),
            max_output_tokens=200 + 40 * most,
        )

    def read(
        self, task: RoleTask, domain: Domain, answer: str, only: Subjects | None = None
    ) -> Reading:
        """Keep items that were offered, with categories of the domain."""
        value = extract_object(answer, "items")
        listed = value.get("items") if value is not None else None
        if not isinstance(listed, list):
            return Reading(None, ('the answer has no list "items"',), 1, 1, {})
        offered = {(n, i) for n, ids in self._offered(task, only).items() for i in ids}
        legal = set(domain.category_names)
        kept: dict[tuple[int, int], tuple[str, ...]] = {}
        quotes: dict[tuple[int, int], str] = {}
        faults: list[str] = []
        for index, item in enumerate(listed, start=1):
            fields = item if isinstance(item, dict) else {}
            subject, place = as_int(fields.get("subject")), as_int(fields.get("id"))
            named = fields.get("categories")
            if subject is None or place is None or (subject, place) not in offered:
                faults.append(f"items[{index}]: sentence {place} was not offered for {subject}")
            elif not isinstance(named, list) or not all(_among(name, legal) for name in named):
                faults.append(
                    f"items[{index}]: categories must be among {', '.join(sorted(legal))}"
                )
            else:
                before = kept.get((subject, place), ())
                kept[subject, place] = tuple(dict.fromkeys((*before, *named)))
                quote = fields.get("quote")
                clean = as_name(quote[:_MAX_QUOTE], _MAX_QUOTE) if isinstance(quote, str) else None
                if clean is not None:
                    quotes[subject, place] = clean
        answered = len(kept) / len(offered) if offered else 1.0
        sorted_in = sum(1 for names in kept.values() if names)
        enough = answered >= _MIN_ANSWERED_SHARE
        if not enough:
            faults.append(f"only {len(kept)} of {len(offered)} offered sentences are answered")
        return Reading(
            _organized(task, kept, quotes) if enough else None,
            tuple(faults),
            len(faults),
            max(len(listed), 1),
            {
                "all_answered": answered == 1.0,
                "not_all_filler": sorted_in > 0 or not offered,
                "several_categories_seen": len({n for names in kept.values() for n in names}) > 1
                or len(offered) < 8,
                "few_labels_a_sentence": sum(len(names) for names in kept.values())
                <= 1.7 * max(sorted_in, 1),
            },
        )

    def _offered(self, task: RoleTask, only: Subjects | None = None) -> dict[int, tuple[int, ...]]:
        offered: dict[int, tuple[int, ...]] = {}
        for number, resolved in enumerate(task.resolved, start=1):
            if only is not None and number not in only:
                continue
            spans = [span for span in task.spans if span.subject in resolved.numbers]
            offered[number] = tuple(
                place
                for place, sentence in enumerate(task.window.sentences, start=1)
                if any(span.first <= sentence.seq <= span.last for span in spans)
            )
        return offered


def _among(name: object, legal: set[str]) -> bool:
    return isinstance(name, str) and name in legal


def _organized(
    task: RoleTask,
    kept: dict[tuple[int, int], tuple[str, ...]],
    quotes: dict[tuple[int, int], str],
) -> RoleTask:
    organized = tuple(
        OrganizedSentence(
            subject=subject,
            seq=task.window.sentences[place - 1].seq,
            categories=names,
            quote=quotes.get((subject, place)),
        )
        for (subject, place), names in sorted(kept.items())
    )
    return task.model_copy(update={"organized": organized})
