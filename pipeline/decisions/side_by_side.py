"""Runs side by side: one that breaks ends the others, one without a budget waits for them."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

from pipeline.allowances.till import AllowanceRefusedError

T = TypeVar("T")


async def side_by_side(runs: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """What the runs give, in their order; when it returns or raises, none is under way.

    Raises what the first run to break raised, after the others were cancelled. An
    AllowanceRefusedError is raised once the others have ended: they are paid for.
    """
    if len(runs) == 1:
        return [await runs[0]]
    refusals: list[AllowanceRefusedError] = []

    async def covered(run: Coroutine[Any, Any, T]) -> list[T]:
        try:
            return [await run]
        except AllowanceRefusedError as refused:
            refusals.append(refused)
            return []

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(covered(run)) for run in runs]
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None
    if refusals:
        raise refusals[0]
    return [given for task in tasks for given in task.result()]
