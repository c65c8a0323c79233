"""The calls of one run: as few as the arm's batch size and its context allow."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import heapify, heapreplace

from pipeline.config import ModelSettings
from pipeline.domains import Domain
from pipeline.models.tokens import MOST_A_CHARACTER, estimated_tokens
from pipeline.olp.batches import evenly
from pipeline.olp.role import Prompt, RoleLogic, Subjects, is_batched
from schemas.role_task import RoleTask


@dataclass(frozen=True)
class Part:
    """One call of a run, about `only` these subjects; None is about all."""

    only: Subjects | None
    prompt: Prompt


def parts_of(
    logic: RoleLogic, task: RoleTask, domain: Domain, arm: ModelSettings
) -> tuple[Part, ...]:
    """The calls that a run of `arm` makes for `task`.

    Batches of the arm's size, alike in size; one that would not fit into its context with the
    longest answer is cut into the largest that do. A batch of which a single subject does not fit
    stays as it is: the endpoint may know better than the estimate.
    """
    if not is_batched(logic):
        return (Part(None, logic.prompt(task, domain, arm.quotes)),)
    asked = logic.asked(task)

    def part(numbers: Sequence[int]) -> Part:
        only = None if len(numbers) == len(asked) else frozenset(numbers)
        return Part(only, logic.prompt(task, domain, arm.quotes, only))

    batches = evenly(asked, arm.batch_size)
    return tuple(found for batch in batches for found in _fitting(batch, part, arm))


def makespan_s(calls_s: Sequence[float], at_once: int) -> float:
    """How long calls take in all, `at_once` of them at a time, begun in their order."""
    if len(calls_s) <= at_once:
        return max(calls_s, default=0.0)
    lanes = list(calls_s[:at_once])
    heapify(lanes)
    for call_s in calls_s[at_once:]:
        heapreplace(lanes, lanes[0] + call_s)
    return max(lanes)


def _fitting(
    batch: Sequence[int], part: Callable[[Sequence[int]], Part], arm: ModelSettings
) -> list[Part]:
    whole = part(batch)
    if len(batch) < 2 or _fits(whole.prompt, arm):
        return [whole]
    parts: list[Part] = []
    start = 0
    while start < len(batch):
        end = start + 1
        largest = part(batch[start:end])
        if not _fits(largest.prompt, arm):
            return [whole]
        while end < len(batch) and _fits((longer := part(batch[start : end + 1])).prompt, arm):
            largest, end = longer, end + 1
        parts.append(largest)
        start = end
    return parts


def _fits(prompt: Prompt, arm: ModelSettings) -> bool:
    room = arm.context_tokens - min(prompt.max_output_tokens, arm.max_output_tokens)
    characters = sum(len(content) for _, content in prompt.messages)
    # Counting takes a millisecond a window, and most are far from the edge.
    if characters * MOST_A_CHARACTER <= room:
        return True
    return sum(estimated_tokens(content) for _, content in prompt.messages) <= room
