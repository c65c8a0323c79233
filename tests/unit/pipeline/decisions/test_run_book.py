"""What people are told of arms and money agrees with the reward events."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.decisions.run_book import Account, RunBook, wilson
from pipeline.rolerl.messages import observation_of
from schemas.rewards import JudgeVerdict, Outcome, QualitySource, RewardEvent, RunKind
from tests.unit.pipeline.decisions.test_ledger import event

KEY = "garden|topic_finder"


def book(*events: RewardEvent) -> RunBook:
    made = RunBook()
    for item in events:
        made.take(item, observation_of(item))
    return made


def judged(quality: float, **fields: Any) -> RewardEvent:
    verdict = JudgeVerdict(judge="j", right=quality >= 0.5, quality=quality, cost_usd=0.25)
    return event(
        quality=quality,
        quality_source=QualitySource.JUDGE,
        verdicts=(verdict,),
        judge_cost_usd=0.25,
        **fields,
    )


def test_every_cent_has_its_purpose_and_late_news_are_free() -> None:
    account = book(
        judged(0.9, repair_cost_usd=0.4),
        event(model="b", kept=False, kind=RunKind.CHALLENGER, cost_usd=0.5),
        event(model="c", kept=False, cost_usd=0.125),
        judged(1.0, late=True),
    ).account([KEY])
    assert account.by_purpose == {
        "kept": pytest.approx(0.6),
        "repair": 0.4,
        "judgment": 0.25,
        "exploration": 0.5,
        "not_kept": 0.125,
    }
    assert account.total_usd == pytest.approx(1.875)
    assert account.runs_usd == pytest.approx(1.625)
    assert (account.kept_usd, account.decisions_kept) == (1.0, 1)
    assert (account.input_tokens, account.output_tokens) == (1, 1)


def test_what_is_known_of_an_arm() -> None:
    events = [judged(1.0) for _ in range(18)]
    events += [event(outcome=Outcome.INVALID, quality=0.0), event(), judged(0.2, late=True)]
    record = book(*events).records(KEY)["arm"]
    assert (record.runs, record.failed) == (20, 1)
    assert record.known == pytest.approx(20, rel=0.03)
    assert record.success == pytest.approx(0.9, abs=0.01)
    low, high = record.interval
    assert 0.6 < low < 0.9 < high < 1.0
    assert record.run_usd == 1.0
    assert record.latency_p50_s == pytest.approx(0.1)


def test_the_past_fades_for_models_change() -> None:
    events = [judged(1.0) for _ in range(2000)] + [judged(0.0) for _ in range(700)]
    record = book(*events).records(KEY)["arm"]
    assert record.success is not None
    assert record.success < 0.3
    assert record.known <= 500


def test_it_is_kept_as_json() -> None:
    made = book(judged(0.9), event(model="b"))
    assert RunBook.model_validate_json(made.model_dump_json()) == made


@given(st.floats(0, 1), st.floats(0.1, 1e6))
def test_the_interval_holds_the_share(share: float, known: float) -> None:
    low, high = wilson(share * known, known)
    assert 0.0 <= low <= share + 1e-9
    assert share - 1e-9 <= high <= 1.0


def test_accounts_add_up() -> None:
    one = book(event()).account([KEY])
    assert one.plus(Account()) == one
    assert one.plus(one).total_usd == 2.0
