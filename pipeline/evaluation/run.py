"""One evaluation: gold windows through the flow, scored, with all that was paid."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from pipeline.clock import Clock
from pipeline.decisions.late_quality import late_events
from pipeline.evaluation.casting import Casting
from pipeline.evaluation.flow import Flow
from pipeline.evaluation.found import FoundSubject, found_subjects
from pipeline.evaluation.gold import GoldWindow
from pipeline.evaluation.people import feedback_of
from pipeline.evaluation.scores import Counts, score_window

Progress = Callable[[], None]
"""Called after each window."""


@dataclass(frozen=True)
class WindowResult:
    """A played gold window: what was found, how it scores, what it took.

    `pass_number` counts from 1; `faults` say what came to nothing.
    """

    gold: GoldWindow
    pass_number: int
    found: tuple[FoundSubject, ...]
    counts: Counts
    cost_usd: float
    latency_s: float
    runs: int
    faults: tuple[str, ...]


@dataclass(frozen=True)
class People:
    """How often people correct a window: the chance for each window, and the draw's seed."""

    rate: float = 0.0
    seed: int = 0


async def evaluate(
    flow: Flow,
    casting: Casting,
    domain: str,
    windows: Sequence[GoldWindow],
    clock: Clock,
    pass_number: int = 1,
    people: People | None = None,
    progress: Progress = lambda: None,
) -> list[WindowResult]:
    """Play each window once as a stream of its own, in order.

    The casting hears the reward events, and with `people` what they say after a window is out; it
    never sees the gold otherwise.
    """
    people = people or People()
    rng = Random(f"{people.seed}|{pass_number}")  # noqa: S311 - a repeatable draw
    results = []
    for gold in windows:
        stream_id = f"{gold.name}#{pass_number}"
        played = await flow.play(stream_id, gold.lang, gold.texts)
        found = found_subjects(played.records, played.tasks)
        results.append(
            WindowResult(
                gold=gold,
                pass_number=pass_number,
                found=found,
                counts=score_window(gold, found),
                cost_usd=played.cost_usd,
                latency_s=played.latency_s,
                runs=played.runs,
                faults=tuple(played.faults),
            )
        )
        if rng.random() < people.rate:
            said = feedback_of(gold, domain, stream_id, clock.now())
            if said is not None:
                casting.learn(late_events(played.decisions, said))
        progress()
    return results
