"""What a model call gives back, and how it can fail."""

from dataclasses import dataclass

from pipeline.errors import InvalidInputError, RetryableError


@dataclass(frozen=True)
class Completion:
    """One finished call.

    Latencies in seconds from the request to the last and the first token (None: not streamed);
    `tokens_counted_by` is "usage" (the endpoint's own count) or "estimate".
    """

    text: str
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    tokens_counted_by: str
    latency_s: float
    first_token_s: float | None
    cost_usd: float


class ModelTimeoutError(RetryableError):
    """The endpoint did not answer in time."""


class ModelRateLimitedError(RetryableError):
    """The endpoint wants fewer requests."""


class ModelUnavailableError(RetryableError):
    """The endpoint cannot be reached or fails by itself."""


class ModelRefusedError(InvalidInputError):
    """The endpoint refuses this request for good: key, model name, content or length."""
