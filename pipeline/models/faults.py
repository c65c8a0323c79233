"""Tells what an endpoint's error status means: try later, not this request, or not this arm."""

from collections.abc import Mapping
from datetime import datetime

from pipeline.config import ModelSettings
from pipeline.models.completion import (
    Mistake,
    ModelFaultError,
    ModelMisconfiguredError,
    ModelRateLimitedError,
    ModelRefusedError,
    ModelUnavailableError,
)
from pipeline.models.retry_after import retry_after_s

_LATER = frozenset({408, 409, 423, 425})
_OF_THE_REQUEST = frozenset({400, 413, 415, 422, 501})
_TOO_LONG = ("context_length", "context length", "maximum context", "too many tokens", "too long")
_HELD_BACK = ("content_filter", "content filter", "content_policy", "content policy", "moderation")
_NO_MODEL = ("model_not_found", "model does not exist", "unknown model", "no such model")
_NO_MONEY = ("insufficient_quota", "billing", "insufficient funds", "credit balance")


def fault_of_status(
    settings: ModelSettings, status: int, headers: Mapping[str, str], said: str, now: datetime
) -> ModelFaultError | ModelRefusedError:
    """The error to raise for an HTTP `status`; `said` is the endpoint's own message.

    Nothing of `said` is repeated, as endpoints quote keys and texts in it.
    """
    name, words = settings.name, said.lower()
    if status == 429 and not _any(_NO_MONEY, words):
        rest_s = retry_after_s(headers, now)
        asks = "" if rest_s is None else f", asks for {rest_s:g} s"
        return ModelRateLimitedError(
            f"{name}: rate limited (429{asks})", retry_after_s=rest_s, answered=True
        )
    if (status >= 500 and status != 501) or status in _LATER:
        return ModelUnavailableError(
            f"{name}: the endpoint failed ({status})",
            retry_after_s=retry_after_s(headers, now),
            answered=True,
        )
    if status in _OF_THE_REQUEST and not _any(_NO_MODEL, words):
        if status == 413 or _any(_TOO_LONG, words):
            return ModelRefusedError(
                f"{name}: the request is longer than its context ({status})", "length"
            )
        if _any(_HELD_BACK, words):
            return ModelRefusedError(f"{name}: refused by its content filter ({status})", "content")
        return ModelRefusedError(f"{name}: refuses requests of this form ({status})", "form")
    what, text = _mistake(settings, status, words)
    return ModelMisconfiguredError(f"{name}: {text}", what, answered=True)


def _mistake(settings: ModelSettings, status: int, words: str) -> tuple[Mistake, str]:
    if status in (402, 429):
        return "account", f"its account has no money or quota left ({status})"
    if status in (401, 403):
        if settings.api_key_env is None:
            wants = f"the endpoint wants an API key ({status}); name its variable in api_key_env"
            return "key", wants
        return "key", (
            f"the endpoint does not accept the API key ({status}); "
            f"check the environment variable {settings.api_key_env}"
        )
    if status == 404 or _any(_NO_MODEL, words):
        return "model", (
            f"no model {settings.endpoint_model!r} at {settings.base_url} ({status}); "
            "check model and base_url"
        )
    url = settings.base_url
    return "address", f"{url} does not take chat completions ({status}); check base_url"


def _any(signs: tuple[str, ...], words: str) -> bool:
    return any(sign in words for sign in signs)
