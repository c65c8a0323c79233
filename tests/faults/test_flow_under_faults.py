"""The whole flow over models of which three calls in ten fail: no window is lost."""

import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import pytest

from schemas.answers import LoggedAnswer
from schemas.catalogue import ANSWERS
from schemas.rewards import RewardEvent
from tests.faults.endpoint import Endpoint, running_endpoint
from tests.flow import Deployment
from tests.integration.test_flow import by_subject, expected
from tests.scripted.text import marked

pytestmark = pytest.mark.kafka

Deploy = Callable[..., Deployment]
ARMS = ("mixed:30", "mixed:31", "mixed:32", "mixed:29")
MORE_ARMS = (*ARMS, "mixed:28", "mixed:33", "mixed:27", "mixed:34")
"""About one call in 80 has its arm rest for 30 s, so that an arm answers two calls a second: four

of them are not enough for two windows a second, which take eleven calls.
"""
WINDOW = 8


def texts(stream: int) -> list[str]:
    return [
        marked(
            f"mug {stream}" if n < WINDOW // 2 else f"jug {stream}",
            ["fact"] if n % 2 else ["opinion"],
            f"said in {stream} as number {n}",
        )
        for n in range(WINDOW)
    ]


def soak(
    deploy: Deploy,
    endpoint: Endpoint,
    arms: Sequence[str],
    for_s: float,
    windows_a_second: float,
) -> Any:
    """Send a window at a time for so long; checks that each is accounted for, gives figures."""
    deployment = deploy(
        models=arms,
        base_url=endpoint.base_url,
        policy="thompson",
        model_lines="timeout_s = 2\nin_flight = 8",
        worker="window_deadline_s = 120",
    )
    deployment.start_worker()
    started = time.monotonic()
    sent = 0
    while (now_s := time.monotonic() - started) < for_s:
        while sent < now_s * windows_a_second:
            deployment.produce("news", f"s{sent}", texts(sent))
            sent += 1
        time.sleep(0.2)
    with suppress(AssertionError):
        # The figures below say what is missing.
        deployment.wait_accounted(sent * WINDOW, 240)
    drained_s = time.monotonic() - started - for_s

    outcomes, letters = deployment.outcomes(), deployment.dead_letters()
    missing = {f"s{n}" for n in range(sent)} - {o.stream_id for o in outcomes}
    assert not missing, (len(missing), sent, deployment.worker_log())
    assert len(outcomes) == sent
    for outcome in outcomes:
        seqs = sorted((*outcome.recorded, *outcome.unassigned))
        assert seqs == list(range(1, WINDOW + 1)), outcome
    failed = {o.stream_id: o.failed for o in outcomes if o.failed is not None}
    assert sorted(failed) == sorted({(letter.key or b"").decode() for letter in letters})
    records = deployment.records("news")
    right = by_subject(records)
    as_wanted = sum(
        expected(f"s{n}", texts(n)).items() <= right.items()
        for n in range(sent)
        if f"s{n}" not in failed
    )
    events = [e for e in deployment.read("role-rewards", RewardEvent) if not e.late]
    answers = deployment.read(ANSWERS, LoggedAnswer)
    told = endpoint.told()
    calls = sum(told["calls"].values())
    for answer in answers:
        assert answer.cost_usd > 0
    return {
        "windows_sent": sent,
        "windows_accounted": len(outcomes),
        "windows_exactly_right": as_wanted,
        "records": len(records),
        "dead_letters": dict(Counter(letter.error.kind for letter in letters)),
        "drained_after_s": round(drained_s, 1),
        "window_latency_p50_p95_s": [
            round(sorted(o.latency_s for o in outcomes)[int(len(outcomes) * q)], 2)
            for q in (0.5, 0.95)
        ],
        "calls": calls,
        "calls_with_a_fault": calls - told["kinds"].get("oracle", 0),
        "answers_logged": len(answers),
        "runs": dict(Counter(event.outcome.value for event in events)),
        "runs_kept": sum(event.kept for event in events),
        "faults": told["kinds"],
    }


def run(
    deploy: Deploy,
    folders: pytest.TempPathFactory,
    capsys: pytest.CaptureFixture[str],
    arms: Sequence[str],
    for_s: float,
    windows_a_second: float,
) -> Any:
    with running_endpoint(folders.mktemp("faults")) as endpoint:
        figures = soak(deploy, endpoint, arms, for_s, windows_a_second)
    with capsys.disabled():
        print("\n" + json.dumps(figures, indent=1))  # noqa: T201 - these figures are the result
    assert figures["windows_accounted"] == figures["windows_sent"]
    assert figures["calls_with_a_fault"] > 0.2 * figures["calls"]
    assert sum(figures["dead_letters"].values()) <= max(1, 0.01 * figures["windows_sent"])
    assert figures["windows_exactly_right"] >= 0.9 * figures["windows_sent"]
    assert figures["calls"] > figures["answers_logged"]
    return figures


@pytest.mark.slow
def test_nothing_is_lost_in_a_minute_of_failing_models(
    deploy: Deploy, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    run(deploy, tmp_path_factory, capsys, ARMS, for_s=45, windows_a_second=1.0)


@pytest.mark.chaos
@pytest.mark.timeout(1200)
def test_nothing_is_lost_in_ten_minutes_of_failing_models(
    deploy: Deploy, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    run(deploy, tmp_path_factory, capsys, MORE_ARMS, for_s=600, windows_a_second=2.0)
