"""What is tried again at once, after how long, and what is not."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.clock import ManualClock
from pipeline.models.completion import (
    ModelFaultError,
    ModelMisconfiguredError,
    ModelRateLimitedError,
    ModelRestsError,
    ModelTimeoutError,
    ModelUnavailableError,
)
from pipeline.models.retries import Retries
from pipeline.models.retry_after import retry_after_s

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def retries() -> Retries:
    return Retries(ManualClock(), Random(7))


@pytest.mark.parametrize(
    "fault",
    [
        ModelTimeoutError("t"),
        ModelMisconfiguredError("m"),
        ModelRestsError("r", 1.0),
        ModelRateLimitedError("l", retry_after_s=60.0),
    ],
)
def test_another_arm_is_quicker_than_a_second_try(fault: ModelFaultError) -> None:
    assert retries().again_in_s(fault, 1, 5, None) is None


@given(st.integers(1, 10), st.integers(0, 10_000))
def test_waits_double_with_jitter_up_to_a_bound(failures: int, seed: int) -> None:
    wait_s = Retries(ManualClock(), Random(seed)).again_in_s(
        ModelUnavailableError("500"), failures, 10, None
    )
    top = min(0.5 * 2 ** (failures - 1), 8.0)
    assert wait_s is not None
    assert top / 2 <= wait_s <= top


@given(st.floats(0.0, 5.0), st.integers(0, 10_000))
def test_it_is_never_back_before_the_endpoint_wants_it(asked_s: float, seed: int) -> None:
    fault = ModelRateLimitedError("429", retry_after_s=asked_s)
    wait_s = Retries(ManualClock(), Random(seed)).again_in_s(fault, 1, 2, None)
    assert wait_s is not None
    assert wait_s > asked_s


def test_the_number_of_tries_and_the_deadline_are_bounds() -> None:
    fault = ModelUnavailableError("500")
    assert retries().again_in_s(fault, 3, 2, None) is None
    assert retries().again_in_s(fault, 1, 2, 0.2) is None
    assert retries().again_in_s(fault, 1, 2, 5.0) is not None


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "Sun, 01 Mar 2026 12:00:20 GMT"}, 20.0),
        ({"retry-after": "Sun, 01 Mar 2026 11:00:00 GMT"}, 0.0),
        ({"retry-after": "1000000"}, 3600.0),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
    ],
)
def test_the_header_is_read_in_all_its_forms(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert retry_after_s(headers, NOW) == seconds


@given(st.text(max_size=40))
def test_no_header_breaks_it(value: str) -> None:
    seconds = retry_after_s({"retry-after": value}, NOW + timedelta(seconds=1))
    assert seconds is None or 0.0 <= seconds <= 3600.0
