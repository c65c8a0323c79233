"""In which order the items come."""

from collections.abc import Iterator
from random import Random

from pipeline.errors import ConfigurationError
from pipeline.rolerl.replay.table import Item, OutcomeTable

PAPER_STEPS = 50_000
PAPER_BLOCK = 500
PAPER_CHANGE = 0.03
PAPER_EPSILON, PAPER_ALPHA = 0.03, 0.1

SCHEDULES = ("paper", "shuffle", "in-order")


def schedule(name: str, table: OutcomeTable, steps: int | None, seed: int) -> Iterator[int]:
    """Indices of items, one a step.

    `shuffle` and `in-order` pass over the table once, or again and again up to `steps`; `paper` is
    the published schedule. ConfigurationError if the name is not known.
    """
    rng = Random(seed)  # noqa: S311 - sampling, not secrets
    if name == "paper":
        return _paper(table, PAPER_STEPS if steps is None else steps, rng)
    if name in ("shuffle", "in-order"):
        return _passes(len(table.items), steps, rng if name == "shuffle" else None)
    raise ConfigurationError(
        f"schedule {name!r} is not known; choose one of {', '.join(SCHEDULES)}"
    )


def _passes(count: int, steps: int | None, rng: Random | None) -> Iterator[int]:
    left = count if steps is None else steps
    order = list(range(count))
    while left > 0:
        if rng is not None:
            rng.shuffle(order)
        yield from order[:left]
        left -= count


def _paper(table: OutcomeTable, steps: int, rng: Random) -> Iterator[int]:
    """Medium items first; then blocks that change with probability 0.03 a step among easy, medium,

    hard and a mix of the last two; at the end tough, easy, hard, easy, medium, as in the code of
    arXiv 2409.18014 (where the three are single items).
    """
    easy, medium, hard = by_hardness(table)
    groups = (easy, medium, hard)
    block: tuple[list[int], ...] = (medium,)
    for step in range(steps):
        if step <= PAPER_BLOCK:
            block = (medium,)
        elif step <= steps - 6 * PAPER_BLOCK:
            if rng.random() < PAPER_CHANGE:
                pick = rng.randint(0, len(groups))
                block = (medium, hard) if pick == len(groups) else (groups[pick],)
        elif step <= steps - 5 * PAPER_BLOCK:
            block = (medium, hard)
        elif step <= steps - 4 * PAPER_BLOCK - 10:
            block = (easy,)
        elif step <= steps - 3 * PAPER_BLOCK:
            block = (hard,)
        elif step <= steps - 2 * PAPER_BLOCK:
            block = (easy,)
        else:
            block = (medium,)
        yield rng.choice(rng.choice(block))


def published_rates(step: int, steps: int) -> tuple[float, float]:
    """(epsilon, alpha) of the published algorithm at a step of its own schedule.

    0.03 and 0.1, but for the display at the end, where the code of arXiv 2409.18014 (the version
    before the gpt-4o-mini figures) explores: half a block at random without learning, and in the
    last three blocks more and more, from the middle of each block on in every step.
    """
    left = steps - step
    if 4.5 * PAPER_BLOCK <= left < 5 * PAPER_BLOCK:
        return 1.0, 0.0
    for begin in (PAPER_BLOCK - 10, 2 * PAPER_BLOCK, 3 * PAPER_BLOCK):
        if left < begin:
            ramp = 2.0 * (begin - left) / PAPER_BLOCK - PAPER_EPSILON
            return min(max(ramp, 0.0), 1.0), PAPER_ALPHA
    return PAPER_EPSILON, PAPER_ALPHA


def by_hardness(table: OutcomeTable) -> tuple[list[int], list[int], list[int]]:
    """Indices of easy, medium and hard items; ConfigurationError below three items.

    By segment if there are three of them, else in thirds of the items; harder is what fewer models
    succeed at, and at equal shares what has the lower mean quality.
    """
    items = table.items
    if len(items) < 3:
        raise ConfigurationError("the paper's schedule needs at least three items")
    segments = sorted({item.segment for item in items})
    if len(segments) == 3:
        groups = [[i for i, item in enumerate(items) if item.segment == s] for s in segments]
        groups.sort(key=lambda g: _ease([items[i] for i in g]), reverse=True)
    else:
        ranked = sorted(range(len(items)), key=lambda i: _ease([items[i]]), reverse=True)
        third = len(items) // 3
        groups = [ranked[:third], ranked[third : len(items) - third], ranked[len(items) - third :]]
    return groups[0], groups[1], groups[2]


def _ease(items: list[Item]) -> tuple[float, float]:
    lines = [line for item in items for _, lines in item.roles for line in lines.values()]
    share = sum(line.success for line in lines) / len(lines)
    return (share, sum(line.quality for line in lines) / len(lines))
