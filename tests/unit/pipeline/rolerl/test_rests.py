"""Three failures in a row send an arm to rest, and one more sends it back."""

from pipeline.rolerl.rests import OUT_DECISIONS, Rests


def test_an_arm_rests_after_three_failures_in_a_row_and_then_is_tried_again() -> None:
    rests = Rests()
    assert [rests.failed(0, 1, 10.0) for _ in range(3)] == [False, False, True]
    assert rests.rests(0, 1, 11.0)
    assert not rests.rests(1, 1, 11.0)
    assert not rests.rests(0, 1, 10.0 + OUT_DECISIONS)
    assert rests.failed(0, 1, 600.0)


def test_a_success_in_between_starts_the_count_anew() -> None:
    rests = Rests()
    rests.failed(0, 1, 1.0)
    rests.failed(0, 1, 2.0)
    rests.passed(0, 1)
    assert not rests.failed(0, 1, 3.0)
    other = Rests()
    other.restore(rests.state())
    assert other.cells == rests.cells
