"""Has single sentences sorted by an arm, each as the content organizer of a window of its own."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pipeline.clock import Clock
from pipeline.decisions.answer_log import MemoryAnswerLog
from pipeline.decisions.serve import FailedDecisionError, RoleServer
from pipeline.domains import Domain
from pipeline.evaluation.casting import Casting
from pipeline.evaluation.labelled import NO_CATEGORY, LabelledSentence
from pipeline.olp.content_organizer import ContentOrganizer
from pipeline.olp.splitter import SPLITTER_VERSION
from schemas.ids import window_id
from schemas.messages import Sentence, Subject, Window
from schemas.role_task import FoundSubject, ResolvedSubject, RoleTask, Span
from schemas.roles import Role


@dataclass(frozen=True)
class Sorted:
    """The category given to a sentence (the first named), what it cost, and how long it took."""

    category: str
    cost_usd: float
    latency_s: float


async def sort_sentences(
    server: RoleServer,
    casting: Casting,
    domain: Domain,
    sentences: Iterable[LabelledSentence],
    clock: Clock,
    progress: Callable[[], None] = lambda: None,
) -> list[Sorted]:
    """Offer each sentence for a subject that is called what the domain calls a subject."""
    results = []
    for number, sentence in enumerate(sentences, start=1):
        task = _task(domain, sentence, number, clock)
        role_assignment = casting.role_assignment(domain.name, task.role)
        started = clock.monotonic()
        names: tuple[str, ...] = ()
        try:
            log = MemoryAnswerLog()
            served = await server.serve(ContentOrganizer(), task, role_assignment, log)
            events = served.events
            names = tuple(name for item in served.task.organized for name in item.categories)
        except FailedDecisionError as failure:
            events = failure.events
        cost_usd = sum(event.cost_usd + event.judge_cost_usd for event in events)
        category = names[0] if names else NO_CATEGORY
        results.append(Sorted(category, cost_usd, clock.monotonic() - started))
        progress()
    return results


def _task(domain: Domain, sentence: LabelledSentence, number: int, clock: Clock) -> RoleTask:
    noun = domain.text(domain.subject.noun, sentence.lang) or domain.name
    stream_id = f"sentence-{number}"
    window = Window(
        window_id=window_id(domain.name, stream_id, 1, 1, SPLITTER_VERSION),
        domain=domain.name,
        stream_id=stream_id,
        lang=sentence.lang,
        sentences=(Sentence(seq=1, text=sentence.text),),
        closed_by="end",
        final=True,
        splitter_version=SPLITTER_VERSION,
        at=clock.now(),
    )
    return RoleTask(
        role=Role.CONTENT_ORGANIZER,
        window=window,
        subjects=(FoundSubject(number=1, name=noun),),
        spans=(Span(subject=1, first=1, last=1),),
        resolved=(ResolvedSubject(subject=Subject(subject_id=stream_id, name=noun), numbers=(1,)),),
    )
