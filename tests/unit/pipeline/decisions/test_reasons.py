"""What is told of a choice follows from the figures."""

from pipeline.decisions.reasons import ArmFacts, arm_facts, turning_points
from pipeline.decisions.run_book import ArmRecord
from pipeline.rolerl.arms import Arm
from pipeline.rolerl.policy import Plan, Share

VALUE_USD = 0.1
CHEAP, DEAR, NEW = Arm("cheap", 0.001), Arm("dear", 0.01), Arm("new", 0.002)
PLAN = Plan("dear", (Share("dear", 0.9, 0.25), Share("cheap", 0.1, 0.0)), (Share("new", 1.0, 0.0),))


def record(right: float, known: float, cost_usd: float) -> ArmRecord:
    return ArmRecord(runs=10, cost_usd=10 * cost_usd, known=known, right=right)


def facts(cheap: ArmRecord, dear: ArmRecord) -> list[ArmFacts]:
    return arm_facts(PLAN, [CHEAP, DEAR, NEW], {"cheap": cheap, "dear": dear})


def points(cheap: ArmRecord, dear: ArmRecord) -> str:
    return "\n".join(turning_points(facts(cheap, dear), "dear", VALUE_USD))


def test_every_arm_is_told_with_its_part() -> None:
    gone = Arm("gone", 0.5, retired=True)
    rows = arm_facts(PLAN, [CHEAP, DEAR, NEW, gone, Arm("idle", 1.0)], {})
    assert [(row.arm.model, row.part) for row in rows] == [
        ("dear", "90% of draws, 25% judged"),
        ("cheap", "10% of draws"),
        ("new", "fallback 1"),
        ("gone", "retired"),
        ("idle", "not used"),
    ]


def test_it_says_below_which_share_the_role_is_lost_and_with_which_won() -> None:
    told = points(record(80, 100, 0.001), record(95, 100, 0.01))
    # 0.95 - (0.01 - 0.001) / 0.1 = 0.86 and 0.80 + 0.09 = 0.89
    assert "dear loses the role to cheap below 89.0% right answers (about 7 wrong in a row)" in told
    assert "costs more than $0.016" in told
    assert "cheap takes it over with 86.0% right answers (now 80.0%; about 43 right in" in told
    assert "Nothing is known of new yet." in told


def test_the_threshold_is_where_both_are_worth_the_same() -> None:
    even = facts(record(86, 100, 0.001), record(95, 100, 0.01))
    worth = {row.arm.model: row.utility_usd(VALUE_USD) or 0.0 for row in even}
    assert abs(worth["cheap"] - worth["dear"]) < 1e-12


def test_a_rival_that_is_worth_more_is_named_as_such() -> None:
    told = points(record(95, 100, 0.001), record(95, 100, 0.01))
    assert "By these figures alone cheap is worth $0.009 a decision more" in told
    assert "loses the role" not in told


def test_what_no_better_answers_can_do_is_said() -> None:
    told = "\n".join(
        turning_points(facts(record(99, 100, 0.05), record(99, 100, 0.01)), "dear", 0.1)
    )
    assert "cheap cannot win it by better answers, only at $0.01 a run" in told


def test_an_unknown_arm_has_no_threshold() -> None:
    rows = arm_facts(PLAN, [CHEAP, DEAR, NEW], {})
    (line,) = turning_points(rows, "dear", VALUE_USD)
    assert "Nothing is known of dear yet" in line
    declared = arm_facts(Plan("a", (Share("a", 1.0, 0.0),)), [Arm("a", 0.1, prior_success=0.9)], {})
    assert turning_points(declared, "a", 1.0) == ["No other arm serves this role beside a."]
