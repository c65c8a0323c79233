"""Trust in judges: from audits by others, from people's word, drawn towards what is usual."""

from random import Random

import pytest

from pipeline.rolerl.judge_book import PRIOR_SHARE, BookState, JudgeBook
from schemas.rewards import (
    DecisionContext,
    JudgeVerdict,
    Outcome,
    QualitySource,
    RewardEvent,
    RunKind,
)
from schemas.roles import Role
from tests.role_tasks import AT

KEY = "news|topic_finder"
OTHER = "news|topic_locator"


def event(said: dict[str, bool | None], truth: float | None = None) -> RewardEvent:
    """Verdicts on a run; with `truth`, people's later word on the same run."""
    return RewardEvent(
        decision_id="d",
        window_id="w",
        domain="news",
        role=Role.TOPIC_FINDER,
        model="arm",
        kind=RunKind.INCUMBENT,
        propensity=1.0,
        policy="p",
        assignment_version=1,
        prompt_version="v",
        context=DecisionContext(lang="en", sentences=3),
        outcome=Outcome.OK,
        kept=True,
        late=truth is not None,
        quality=truth,
        quality_source=None if truth is None else QualitySource.GOLD,
        verdicts=tuple(JudgeVerdict(judge=judge, right=right) for judge, right in said.items()),
        latency_s=0.0,
        input_tokens=0,
        output_tokens=0,
        cost_usd=0.0,
        reward=0.0,
        at=AT,
    )


def test_a_judge_nobody_knows_is_trusted_as_judges_usually_are() -> None:
    judge = JudgeBook().judge(KEY, "new")
    assert (judge.knows_right, judge.knows_wrong, judge.readable) == (PRIOR_SHARE,) * 3


def test_gold_tells_a_good_judge_from_a_bad_one() -> None:
    book = JudgeBook()
    for n in range(40):
        truth = n % 2 == 0
        book.take(KEY, event({"good": truth, "bad": not truth}, truth=float(truth)))
    good, bad = book.judges(KEY, ["good", "bad"])
    assert good.weight > 0.7
    assert bad.weight == 0.0


def test_one_word_of_gold_moves_trust_a_little_only() -> None:
    book = JudgeBook()
    book.take(KEY, event({"j": True}, truth=0.0))
    judge = book.judge(KEY, "j")
    assert 0.6 < judge.knows_wrong < PRIOR_SHARE
    assert judge.knows_right == pytest.approx(PRIOR_SHARE)


@pytest.mark.parametrize("share_right", [0.5, 0.7, 0.9])
def test_audits_alone_unmask_a_flatterer(share_right: float) -> None:
    rng = Random(11)
    book = JudgeBook()
    for _ in range(300):
        truth = rng.random() < share_right
        honest = truth if rng.random() < 0.9 else not truth
        book.take(KEY, event({"honest": honest, "flatterer": True}))
    honest_judge, flatterer = book.judges(KEY, ["honest", "flatterer"])
    assert flatterer.weight < 0.15
    assert honest_judge.weight > 3 * flatterer.weight


def test_replies_that_are_no_verdicts_cost_weight() -> None:
    book = JudgeBook()
    for _ in range(30):
        book.take(KEY, event({"rambler": None}))
    judge = book.judge(KEY, "rambler")
    assert judge.readable < 0.2
    assert judge.knows_right == pytest.approx(PRIOR_SHARE)


def test_what_a_judge_is_known_for_counts_in_other_roles_until_it_is_known_there() -> None:
    book = JudgeBook()
    for n in range(100):
        book.take(KEY, event({"j": True}, truth=float(n % 2)))
    elsewhere = book.judge(OTHER, "j")
    assert elsewhere.knows_wrong < 0.2
    for n in range(100):
        book.take(OTHER, event({"j": n % 2 == 0}, truth=float(n % 2 == 0)))
    assert book.judge(OTHER, "j").knows_wrong > 0.8


def test_a_judge_that_changes_is_seen_anew() -> None:
    book = JudgeBook()
    for _ in range(600):
        book.take(KEY, event({"j": True}, truth=0.0))
    for _ in range(600):
        book.take(KEY, event({"j": False}, truth=0.0))
    assert book.judge(KEY, "j").knows_wrong > 0.9


def test_late_news_without_truth_is_no_reply() -> None:
    book = JudgeBook()
    blame = event({"j": True}, truth=0.0).model_copy(
        update={"quality_source": QualitySource.CHECKS}
    )
    book.take(KEY, blame)
    assert book.state() == BookState()


def test_the_state_comes_back_as_it_was() -> None:
    book = JudgeBook()
    for n in range(7):
        book.take(KEY, event({"a": True, "b": n % 2 == 0}))
        book.take(OTHER, event({"a": None}))
    kept = book.state().model_dump_json()
    again = JudgeBook.of(BookState.model_validate_json(kept))
    assert again.state().model_dump_json() == kept
    assert again.judge(KEY, "b") == book.judge(KEY, "b")
