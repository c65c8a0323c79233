"""Which runs of a log were drawn, and what late news does to them."""

from typing import Any

import pytest

from pipeline.errors import InvalidInputError
from pipeline.rolerl.policy import Context, Observation
from pipeline.rolerl.replay.reward_log import merged, refuse_without_propensities

CONTEXT = Context("news", "topic_finder", "w")


def run(
    decision: str, model: str, kind: str = "incumbent", p: float = 0.5, **fields: Any
) -> Observation:
    return Observation(
        CONTEXT, decision, model, kind, p, fields.pop("outcome", "ok"), 0.1, **fields
    )


def drawn(*observations: Observation) -> list[list[tuple[str, float]]]:
    return [[(r.model, r.propensity) for r in d.drawn()] for d in merged(observations)]


def test_a_challenger_beside_the_incumbent_was_the_one_drawn() -> None:
    assert drawn(run("d", "a", p=0.1), run("d", "b", "challenger", 0.1)) == [[("b", 0.1)]]


def test_fallbacks_and_shadows_were_not_drawn() -> None:
    others = (run("d", "b", "fallback", 1.0), run("d", "c", "shadow", 1.0))
    assert drawn(run("d", "a"), *others) == [[("a", 0.5)]]
    assert drawn(*others) == [[]]


def test_in_a_sweep_every_arm_ran_for_certain() -> None:
    both = (run("d", "a", p=1.0), run("d", "b", "challenger", 1.0))
    assert drawn(*both) == [[("a", 1.0), ("b", 1.0)]]
    three = (run("d", "a"), run("d", "b", "challenger"), run("d", "c", "challenger"))
    assert drawn(*three) == [[("a", 1.0), ("b", 1.0), ("c", 1.0)]]


@pytest.mark.parametrize(
    ("sources", "quality"),
    [(("feedback", "checks"), 0.0), (("checks", "judge"), 0.1), (("judge", "gold"), 0.1)],
)
def test_the_word_that_counts_more_stands(sources: tuple[str, str], quality: float) -> None:
    news = [
        run("d", "a", quality=place / 10, source=source, late=place > 0)
        for place, source in enumerate(sources)
    ]
    ((record,),) = [list(d.runs.values()) for d in merged(news)]
    assert record.quality == quality
    assert record.cost_usd == 0.1


def test_blame_from_downstream_makes_an_answer_unusable() -> None:
    bad = run("d", "a", quality=0.0, source="checks", late=True, outcome="invalid")
    (record,) = merged([run("d", "a", quality=1.0, source="checks"), bad])
    assert not record.runs["a"].valid


def test_late_news_of_an_unknown_run_is_no_decision() -> None:
    assert merged([run("d", "a", late=True, quality=1.0, source="gold")]) == []


def test_a_log_without_propensities_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="propensity 0"):
        refuse_without_propensities(merged([run("d", "a", p=0.0)]))
