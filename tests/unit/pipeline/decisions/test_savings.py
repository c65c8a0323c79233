"""Savings are against arms that somebody would use, with everything paid."""

import pytest

from pipeline.decisions.run_book import Account, ArmRecord
from pipeline.decisions.savings import savings
from tests.in_memory_models import arm

ARMS = [arm("cheap", 1.0), arm("middle", 10.0), arm("dear", 100.0)]
PAID = Account(
    decisions_kept=4,
    by_purpose={"kept": 20.0, "not_kept": 10.0, "judgment": 5.0},
    kept_usd=20.0,
    input_tokens=1_000_000,
)


def record(right: float, known: float) -> ArmRecord:
    return ArmRecord(right=right, known=known)


def test_kept_paid_and_all_in_against_the_dearest() -> None:
    against = savings(PAID, ARMS, []).dearest
    assert against is not None
    assert (against.model, against.usd) == ("dear", pytest.approx(100.0))
    assert (against.kept, against.paid, against.all_in) == (
        pytest.approx(0.8),
        pytest.approx(0.7),
        pytest.approx(0.65),
    )


@pytest.mark.parametrize(
    ("middle", "adequate"), [(99.5, "middle"), (97.0, "dear")], ids=["within 1 %", "beyond"]
)
def test_the_cheapest_arm_that_is_about_as_right_as_the_best(middle: float, adequate: str) -> None:
    records = {
        "cheap": record(50, 100),
        "middle": record(middle, 100),
        "dear": record(100, 100),
    }
    found = savings(PAID, ARMS, [records, records]).cheapest_adequate
    assert found is not None
    assert found.model == adequate


@pytest.mark.parametrize(
    "roles",
    [
        [{"cheap": record(4, 4), "dear": record(9, 9)}],
        [{"cheap": record(9, 9)}],
        [{"cheap": record(9, 9), "dear": record(9, 9)}, {"cheap": record(9, 9)}],
    ],
    ids=["too few results", "nothing to compare with", "a role in which it is not known"],
)
def test_what_cannot_be_compared_is_not_called_adequate(roles: list[dict[str, ArmRecord]]) -> None:
    assert savings(PAID, ARMS, roles).cheapest_adequate is None


def test_an_arm_must_do_in_every_role() -> None:
    good = {"cheap": record(9, 9), "dear": record(9, 9)}
    bad = {"cheap": record(5, 9), "dear": record(9, 9)}
    found = savings(PAID, ARMS, [good, bad]).cheapest_adequate
    assert found is not None
    assert found.model == "dear"


def test_the_only_arm_is_adequate() -> None:
    found = savings(PAID, ARMS[:1], [{"cheap": record(5, 9)}]).cheapest_adequate
    assert found is not None
    assert found.model == "cheap"


def test_nothing_paid_saves_nothing() -> None:
    none = savings(Account(), ARMS, [])
    assert (none.dearest, none.cheapest_adequate) == (None, None)
    assert none.as_dict()["paid_usd"] == {"total": 0}
