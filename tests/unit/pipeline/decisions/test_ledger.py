"""Every cent has one purpose, and the purposes add up to what was paid."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.decisions.ledger import Purpose, entries, identity, totals
from schemas.rewards import DecisionContext, JudgeVerdict, Outcome, RewardEvent, RunKind
from schemas.roles import Role
from tests.role_tasks import AT


def event(**fields: Any) -> RewardEvent:
    usual: dict[str, Any] = {
        "decision_id": "d",
        "window_id": "w",
        "domain": "garden",
        "role": Role.TOPIC_FINDER,
        "model": "arm",
        "kind": RunKind.INCUMBENT,
        "propensity": 1.0,
        "policy": "p",
        "assignment_version": 1,
        "prompt_version": "v",
        "context": DecisionContext(lang="en", sentences=3),
        "outcome": Outcome.OK,
        "kept": True,
        "latency_s": 0.1,
        "input_tokens": 1,
        "output_tokens": 1,
        "cost_usd": 1.0,
        "reward": 0.0,
        "at": AT,
    }
    return RewardEvent(**{**usual, **fields})


@pytest.mark.parametrize(
    ("fields", "purpose"),
    [
        ({}, Purpose.KEPT),
        ({"kind": RunKind.CHALLENGER}, Purpose.KEPT),
        ({"kept": False}, Purpose.NOT_KEPT),
        ({"kept": False, "kind": RunKind.FALLBACK}, Purpose.NOT_KEPT),
        ({"kept": False, "kind": RunKind.CHALLENGER}, Purpose.EXPLORATION),
        ({"kept": False, "kind": RunKind.SHADOW}, Purpose.EXPLORATION),
    ],
)
def test_a_run_is_booked_by_what_became_of_it(fields: dict[str, Any], purpose: Purpose) -> None:
    ((*_, booked, usd),) = entries(event(**fields))
    assert (booked, usd) == (purpose, 1.0)


def test_the_second_call_is_a_repair() -> None:
    booked = {entry.purpose: entry.usd for entry in entries(event(repair_cost_usd=0.4))}
    assert booked == {Purpose.KEPT: pytest.approx(0.6), Purpose.REPAIR: 0.4}


def test_judgments_are_booked_on_the_judge() -> None:
    verdicts = (
        JudgeVerdict(judge="j", right=True, quality=1.0, cost_usd=0.2),
        JudgeVerdict(judge="k", right=None, cost_usd=0.3),
    )
    booked = entries(event(verdicts=verdicts, judge_cost_usd=0.5))
    judged = {e.model: e.usd for e in booked if e.purpose is Purpose.JUDGMENT}
    assert judged == {"j": 0.2, "k": 0.3}


def test_late_news_cost_nothing() -> None:
    assert entries(event(late=True)) == ()


def test_what_is_sent_twice_is_booked_once() -> None:
    twice = [event(), event(decision_id="e"), event()]
    assert sum(totals(twice).values()) == 2.0
    assert identity(event()) != identity(event(late=True))


@given(
    kept=st.booleans(),
    kind=st.sampled_from(RunKind),
    first=st.floats(0, 10),
    repair=st.floats(0, 10),
    judged=st.lists(st.floats(0, 10), max_size=3),
)
def test_purposes_add_up(
    kept: bool, kind: RunKind, first: float, repair: float, judged: list[float]
) -> None:
    booked = entries(
        event(
            kept=kept,
            kind=kind,
            cost_usd=first + repair,
            repair_cost_usd=repair,
            verdicts=tuple(JudgeVerdict(judge="j", right=None, cost_usd=usd) for usd in judged),
            judge_cost_usd=sum(judged),
        )
    )
    assert sum(entry.usd for entry in booked) == pytest.approx(first + repair + sum(judged))
