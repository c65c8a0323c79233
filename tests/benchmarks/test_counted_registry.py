"""A window costs the same however many subjects its stream has, in calls of functions."""

from statistics import median

from pipeline.olp.registry import Registry
from schemas.codec import encode
from tests.benchmarks.counted import calls_of
from tests.role_tasks import AT, found, resolved


def cost_with(subjects: int) -> float:
    registry = Registry()
    counted = []
    for number in range(subjects + 20):
        names = [f"garden report {number}", f"town report {number}"]

        def window(names: list[str] = names, number: int = number) -> None:
            registry.candidates(found(*names), 24)
            items = [resolved(name, place) for place, name in enumerate(names, start=1)]
            change = registry.change(f"window-{number}", items, AT)
            encode(change)
            registry.apply(change, 2 * subjects)
            registry.forget_before(AT)

        counted.append(calls_of(window))
    return median(counted[-20:])


def test_a_window_costs_the_same_with_many_subjects_as_with_few() -> None:
    # Each name shares words with all the others: the worst that can be.
    assert cost_with(2000) < 1.2 * cost_with(100)
