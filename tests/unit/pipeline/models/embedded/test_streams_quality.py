"""The code arms stay as good as they were measured on streams written for it."""

from __future__ import annotations

import pytest

from pipeline.domains import load_domains
from pipeline.models.embedded.embedder import Embedder
from pipeline.models.embedded.embeddings import EmbeddingMethods
from pipeline.models.embedded.hybrid import HybridMethods
from pipeline.models.embedded.rules import RulesMethods
from tests.unit.pipeline.models.embedded.labelled_streams import (
    LabelledStream,
    category_score,
    finding_score,
    locating_score,
    streams,
)

DOMAIN = load_domains()["ecommerce"]


def few(lang: str) -> tuple[LabelledStream, ...]:
    """Enough streams to notice a loss; each sentence takes the embedder some 30 ms."""
    return streams(lang)[::3]


def test_the_streams_are_whole() -> None:
    every = streams()
    assert len(every) >= 12
    assert {stream.lang for stream in every} == {"en", "zh"}
    for stream in every:
        assert len(stream.texts) == len(stream.categories) >= 25
        assert all(len(subject.sentences) >= 3 for subject in stream.subjects)


@pytest.mark.parametrize(
    ("lang", "categories", "recall", "precision", "found"),
    [("en", 0.66, 0.94, 0.66, 0.78), ("zh", 0.80, 0.96, 0.74, 0.76)],
)
def test_rules(lang: str, categories: float, recall: float, precision: float, found: float) -> None:
    rules = RulesMethods(DOMAIN)
    assert category_score(rules, streams(lang)).f1 >= categories
    located = locating_score(rules, streams(lang))
    assert located.recall >= recall
    assert located.precision >= precision
    assert finding_score(rules, streams(lang)).f1 >= found


@pytest.mark.parametrize(
    ("lang", "categories", "recall", "precision", "found"),
    [("en", 0.74, 0.95, 0.87, 0.76), ("zh", 0.83, 0.95, 0.88, 0.84)],
)
def test_hybrid(
    embedder: Embedder,
    lang: str,
    categories: float,
    recall: float,
    precision: float,
    found: float,
) -> None:
    hybrid = HybridMethods(DOMAIN, embedder)
    assert category_score(hybrid, few(lang)).f1 >= categories
    located = locating_score(hybrid, few(lang))
    assert located.recall >= recall
    assert located.precision >= precision
    assert finding_score(hybrid, few(lang)).f1 >= found


@pytest.mark.parametrize(("lang", "categories"), [("en", 0.73), ("zh", 0.77)])
def test_embeddings(embedder: Embedder, lang: str, categories: float) -> None:
    assert category_score(EmbeddingMethods(DOMAIN, embedder), few(lang)).f1 >= categories


def test_the_same_stream_gets_the_same_answer_twice() -> None:
    stream = streams("en")[0]
    task = stream.task("topic_finder")
    assert RulesMethods(DOMAIN).find(task) == RulesMethods(DOMAIN).find(task)
    located = stream.task("topic_locator", stream.known())
    assert RulesMethods(DOMAIN).locate(located) == RulesMethods(DOMAIN).locate(located)
