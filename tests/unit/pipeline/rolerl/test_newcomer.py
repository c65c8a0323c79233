"""A kind never seen is found by repeated contradiction, not by what is said again and again."""

import pytest

from pipeline.rolerl.newcomer import NEVER, Newcomer

KNOWN, UNSEEN = 0.99, 0.5


def column(role: int, arm: int) -> list[float]:
    """Right in the one known kind, unknown in the unseen one."""
    return [KNOWN, UNSEEN]


def weigh(newcomer: Newcomer, *outcomes: tuple[int, int, bool]) -> bool:
    return newcomer.weigh(outcomes, [0.999, 0.001], column, 0.1, 0.002 * 0.02)


def test_a_stray_failure_makes_no_new_kind() -> None:
    newcomer = Newcomer()
    assert not weigh(newcomer, (0, 0, False))
    assert newcomer.chance < 0.01


def test_failures_of_one_arm_make_one_though_another_goes_on_as_known() -> None:
    newcomer = Newcomer()
    found = [weigh(newcomer, (0, 0, False), (0, 1, True)) for _ in range(6)]
    assert found[-1]
    assert found.index(True) <= 4
    assert newcomer.settle()[(0, 0)][1] >= found.index(True) + 1


def test_windows_that_say_nothing_of_the_contradiction_do_not_end_it() -> None:
    newcomer = Newcomer()
    for _ in range(8):
        weigh(newcomer, (0, 0, False))
        for _ in range(3):
            weigh(newcomer, (0, 1, True))
    assert weigh(newcomer, (0, 0, False))


def test_what_was_foretold_is_never_evidence() -> None:
    newcomer = Newcomer()
    for _ in range(200):
        newcomer.weigh([(0, 0, True)], [0.99, 0.01], lambda role, arm: [0.6, 0.9], 0.1, 0.01)
    assert newcomer.chance < 0.02


def test_state_and_settling() -> None:
    newcomer = Newcomer()
    weigh(newcomer, (0, 0, False))
    other = Newcomer()
    other.restore(newcomer.state())
    assert other.state() == newcomer.state()
    assert other.log_odds == pytest.approx(newcomer.log_odds)
    newcomer.settle()
    assert newcomer.log_odds == NEVER
    assert newcomer.cells == {}
