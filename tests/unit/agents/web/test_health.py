"""Alive and ready, from what is seen of the apps."""

from dataclasses import replace

import pytest

from agents.web.health import AppState, alive, ready

GOOD = AppState(
    name="topic-finder",
    started=True,
    crashed=False,
    assigned=2,
    recovered=True,
    polled_ago_s=1.0,
    busy=False,
)


def test_all_is_well() -> None:
    assert alive([GOOD], 1.0).yes
    assert ready([GOOD], 1.0).yes


@pytest.mark.parametrize(
    ("state", "broker_ago_s", "reason"),
    [
        (replace(GOOD, assigned=None), 1.0, "waits for its partitions"),
        (replace(GOOD, started=False), 1.0, "not started"),
        (replace(GOOD, recovered=False), 1.0, "reads its state back"),
        (replace(GOOD, crashed=True), 1.0, "crashed"),
        (GOOD, None, "no broker has answered yet"),
        (GOOD, 7.0, "no broker has answered for 7 s"),
    ],
)
def test_not_ready(state: AppState, broker_ago_s: float | None, reason: str) -> None:
    verdict = ready([GOOD, state], broker_ago_s)
    assert not verdict.yes
    assert reason in " ".join(verdict.reasons)


def test_a_spare_member_of_a_group_is_ready() -> None:
    assert ready([replace(GOOD, assigned=0)], 1.0).yes


def test_a_stuck_consumer_is_not_alive() -> None:
    stuck = replace(GOOD, polled_ago_s=61.0)
    verdict = alive([GOOD, stuck], 1.0)
    assert verdict.reasons == ("topic-finder: has not polled Kafka for 61 s",)


@pytest.mark.parametrize(
    ("state", "broker_ago_s"),
    [
        (replace(GOOD, polled_ago_s=61.0), 30.0),
        (replace(GOOD, polled_ago_s=61.0), None),
        (replace(GOOD, polled_ago_s=61.0, busy=True), 1.0),
        (replace(GOOD, polled_ago_s=61.0, assigned=0), 1.0),
        (replace(GOOD, polled_ago_s=61.0, assigned=None), 1.0),
        (replace(GOOD, polled_ago_s=None), 1.0),
        (replace(GOOD, recovered=False), 1.0),
    ],
)
def test_what_a_restart_would_not_mend_is_alive(
    state: AppState, broker_ago_s: float | None
) -> None:
    assert alive([state], broker_ago_s).yes


def test_a_crashed_app_is_not_alive() -> None:
    assert not alive([replace(GOOD, crashed=True)], None).yes
