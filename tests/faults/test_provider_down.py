"""What is down costs one time-out, not one a window; what is declared wrongly costs one call."""

import asyncio
import logging
import time
from pathlib import Path

import pytest

from pipeline.models.breaker import BreakerSettings
from pipeline.models.gates import ARM_BREAKER, PROVIDER_BREAKER
from schemas.rewards import Outcome
from tests.faults.endpoint import Endpoint, Flow, finder_task, in_turn, running_endpoint

WINDOWS = 60
PATIENT_S = 30.0
"""How long an arm may take that answers, on a machine that is busy with other things."""


def rests(breaker: BreakerSettings, since_s: float) -> int:
    """How many rests of a breaker may have ended since; each is followed by a probe."""
    return int((time.monotonic() - since_s) / breaker.rest_s)


async def serve_all(flow: Flow, *models: str, first: int = 1) -> list[str]:
    """Serve windows all at once; whose answers were kept."""
    how = in_turn(*models)
    served = await asyncio.gather(
        *(flow.serve(finder_task(n), how) for n in range(first, first + WINDOWS))
    )
    return [event.model for item in served for event in item.events if event.kept]


async def test_a_provider_that_never_answers_holds_one_connection(
    endpoint: Endpoint, tmp_path: Path
) -> None:
    with running_endpoint(tmp_path, "--deaf") as deaf:
        oracle = endpoint.arm("oracle", timeout_s=PATIENT_S)
        flow = Flow(deaf.arm("one"), deaf.arm("two"), oracle, deadline_s=PATIENT_S)
        started = time.monotonic()
        kept = await serve_all(flow, "one", "two", "oracle")
        took_s = time.monotonic() - started
        await flow.pool.close()
        assert kept == ["oracle"] * WINDOWS
        assert deaf.told()["waited"] <= 1 + rests(PROVIDER_BREAKER, started)
        assert flow.pool.settings("one").timeout_s <= took_s < WINDOWS / 2


async def test_one_that_falls_silent_holds_those_under_way_and_comes_back_in_steps(
    endpoint: Endpoint, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with running_endpoint(tmp_path) as provider:
        other = endpoint.arm("oracle-2", timeout_s=PATIENT_S)
        silent = provider.arm("oracle", in_flight=4, timeout_s=3.0)
        flow = Flow(silent, other, deadline_s=PATIENT_S)
        assert set(await serve_all(flow, "oracle", "oracle-2")) == {"oracle"}
        provider.told("hush")
        started = time.monotonic()
        with caplog.at_level(logging.INFO, "rolestream.models"):
            kept = await serve_all(flow, "oracle", "oracle-2", first=101)
        assert set(kept) == {"oracle-2"}
        assert provider.told()["waited"] <= 4 + 1 + rests(PROVIDER_BREAKER, started)
        assert f"provider {silent.base_url} rests for" in caplog.text
        provider.told("speak")
        await asyncio.sleep(flow.pool.returns_in_s("oracle") + 0.01)
        back = await serve_all(flow, "oracle", "oracle-2", first=201)
        await flow.pool.close()
        assert "oracle" in back


async def test_an_arm_that_hangs_costs_one_call(endpoint: Endpoint) -> None:
    flow = Flow(endpoint.arm("hang"), endpoint.arm("oracle", timeout_s=PATIENT_S))
    before, started = endpoint.calls("hang"), time.monotonic()
    assert await serve_all(flow, "hang", "oracle") == ["oracle"] * WINDOWS
    await flow.pool.close()
    assert 1 <= endpoint.calls("hang") - before <= 1 + rests(ARM_BREAKER, started)


async def test_a_wrong_key_costs_one_call_and_one_line(
    endpoint: Endpoint, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WRONG_KEY", "sk-do-not-tell")
    wrong = endpoint.arm("unauthorized", api_key_env="WRONG_KEY", timeout_s=PATIENT_S)
    flow = Flow(wrong, endpoint.arm("oracle", timeout_s=PATIENT_S))
    before = endpoint.calls("unauthorized")
    with caplog.at_level(logging.INFO, "rolestream.models"):
        assert await serve_all(flow, "unauthorized", "oracle") == ["oracle"] * WINDOWS
    await flow.pool.close()
    assert endpoint.calls("unauthorized") - before == 1
    (line,) = [record.getMessage() for record in caplog.records]
    assert "arm unauthorized rests for 6" in line
    assert "environment variable WRONG_KEY" in line
    assert "sk-do-not-tell" not in caplog.text


async def test_an_arm_that_fails_is_taken_out_and_probed_by_one_call(
    endpoint: Endpoint,
) -> None:
    failing = endpoint.arm("http-500", max_retries=0, timeout_s=PATIENT_S)
    flow = Flow(failing, endpoint.arm("oracle", timeout_s=PATIENT_S))
    before = endpoint.calls("http-500")
    assert set(await serve_all(flow, "http-500", "oracle")) == {"oracle"}
    # One until it is known to be there, then what may be in flight, and one more for each failure
    # that comes in before the breaker opens.
    opened = endpoint.calls("http-500") - before
    assert opened <= 1 + 16 + ARM_BREAKER.consecutive - 1
    await asyncio.sleep(flow.pool.returns_in_s("http-500") + 0.01)
    probed = time.monotonic()
    assert set(await serve_all(flow, "http-500", "oracle", first=301)) == {"oracle"}
    await flow.pool.close()
    probes = endpoint.calls("http-500") - before - opened
    assert 1 <= probes <= 1 + rests(ARM_BREAKER, probed)


async def test_its_window_tells_of_the_time_out(endpoint: Endpoint) -> None:
    flow = Flow(endpoint.arm("hang"), endpoint.arm("oracle", timeout_s=PATIENT_S))
    served = await flow.serve(finder_task(999), in_turn("hang", "oracle"))
    await flow.pool.close()
    assert [event.outcome for event in served.events] == [Outcome.TIMEOUT, Outcome.OK]
