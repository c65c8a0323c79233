"""Small gold windows and findings for tests, counted by hand."""

from collections.abc import Mapping, Sequence

from pipeline.evaluation.found import FoundSubject
from pipeline.evaluation.gold import GoldSubject, GoldWindow, Label


def label(category: str | None, *also: str) -> Label:
    """`also` may hold "other"."""
    return Label(
        category=category,
        also=frozenset(also) - {"other"},
        may_be_filler=category is None or "other" in also,
    )


def wanted(
    names: str, sentences: Sequence[int], span: tuple[int, int] | None = None
) -> GoldSubject:
    """A gold subject; `names` are separated by slashes."""
    ends = span or (min(sentences, default=1), max(sentences, default=1))
    return GoldSubject(tuple(names.split("/")), frozenset(sentences), ends)


def given(
    names: str, categories: Mapping[int, str], covered: Sequence[int] | None = None
) -> FoundSubject:
    """A published subject; several categories of a sentence are separated by slashes."""
    return FoundSubject(
        tuple(names.split("/")),
        {place: frozenset(found.split("/")) for place, found in categories.items()},
        frozenset(categories if covered is None else covered),
    )


def gold_window(
    subjects: Sequence[GoldSubject],
    labels: Mapping[int, Label],
    size: int = 6,
    name: str = "en/talk-1",
    lang: str = "en",
) -> GoldWindow:
    """A window of `size` sentences of no importance."""
    texts = tuple(f"sentence number {place}" for place in range(1, size + 1))
    return GoldWindow(name, lang, texts, tuple(subjects), dict(labels))
