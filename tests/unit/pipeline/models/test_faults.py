"""What an error status means."""

from datetime import UTC, datetime

import pytest

from pipeline.models.completion import (
    ModelMisconfiguredError,
    ModelRateLimitedError,
    ModelRefusedError,
    ModelUnavailableError,
)
from pipeline.models.faults import fault_of_status
from tests.in_memory_models import arm

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def fault(status: int, said: str = "", **headers: str) -> Exception:
    settings = arm("a", model="m-7", api_key_env="A_KEY")
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return fault_of_status(settings, status, named, said, NOW)


@pytest.mark.parametrize("status", [408, 409, 500, 502, 503, 504, 529])
def test_a_failure_of_the_endpoint_may_pass(status: int) -> None:
    assert isinstance(fault(status), ModelUnavailableError)


def test_a_rate_limit_says_for_how_long() -> None:
    limited = fault(429, retry_after="7")
    assert isinstance(limited, ModelRateLimitedError)
    assert limited.retry_after_s == 7.0
    busy = fault(503, retry_after="5")
    assert isinstance(busy, ModelUnavailableError)
    assert busy.retry_after_s == 5.0


@pytest.mark.parametrize(
    ("status", "said", "because"),
    [
        (400, "context_length_exceeded: maximum context length is 8192", "length"),
        (413, "", "length"),
        (400, "content_filter the prompt was flagged", "content"),
        (400, "bad request", "form"),
        (422, "extra fields not permitted", "form"),
    ],
)
def test_a_refusal_is_about_the_request(status: int, said: str, because: str) -> None:
    refused = fault(status, said)
    assert isinstance(refused, ModelRefusedError)
    assert refused.because == because


@pytest.mark.parametrize(
    ("status", "said", "hint"),
    [
        (401, "", "check the environment variable A_KEY"),
        (403, "", "check the environment variable A_KEY"),
        (404, "", "no model 'm-7'"),
        (400, "model_not_found", "no model 'm-7'"),
        (402, "", "no money or quota"),
        (429, "insufficient_quota", "no money or quota"),
        (405, "", "check base_url"),
        (301, "", "check base_url"),
    ],
)
def test_a_mistake_in_the_declaration_is_told_with_what_to_check(
    status: int, said: str, hint: str
) -> None:
    wrong = fault(status, said)
    assert isinstance(wrong, ModelMisconfiguredError)
    assert hint in str(wrong)


def test_nothing_that_the_endpoint_said_is_repeated() -> None:
    for status in (400, 401, 404, 429, 500):
        assert "sk-secret" not in str(fault(status, "wrong key sk-secret"))
